import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executableIn, type FindProgramOptions } from '@loguro/servers';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/loguro', import.meta.url));
const UNPACKED = join(CACHE, 'prometheus');

/**
 * A `promtool` of this machine. On Debian and Ubuntu the distribution's package is unpacked into a folder of ours when
 * there is none: installing it would need root, and would start a server.
 *
 * @throws Error that says what to install
 */
export function findPromtool({ path, say }: FindProgramOptions): string {
  const folders = [...path.split(delimiter), join(UNPACKED, 'usr/bin')];
  const found = executableIn(folders, ['promtool']) ?? (existsSync('/usr/bin/apt-get') ? unpack(say) : undefined);
  if (found !== undefined) return found;
  throw new Error(
    'The alert rules are tested with promtool, and this machine has none. Install Prometheus ' +
      '(Debian, Ubuntu: apt-get install prometheus; macOS: brew install prometheus).',
  );
}

function unpack(say: (sentence: string) => void): string | undefined {
  say("No promtool on this machine: unpacking that of the distribution's package prometheus.");
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'download-'));
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    let done = run('apt-get', '-qq', 'download', 'prometheus');
    if (done.status !== 0) {
      // The lists may be missing or old; only root can bring them.
      run('apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', 'update');
      done = run('apt-get', '-qq', 'download', 'prometheus');
    }
    const [archive] = readdirSync(folder);
    if (archive !== undefined) done = run('dpkg-deb', '--extract', archive, 'unpacked');
    if (done.status !== 0) {
      say(`It could not be had: ${done.stderr?.trim() ?? done.error?.message}`);
      return undefined;
    }
    rmSync(UNPACKED, { recursive: true, force: true });
    renameSync(join(folder, 'unpacked'), UNPACKED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return executableIn([join(UNPACKED, 'usr/bin')], ['promtool']);
}
