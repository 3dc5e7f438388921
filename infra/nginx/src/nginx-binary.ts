import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Options of {@link findNginx}. */
export interface FindNginxOptions {
  /** The PATH to look in. */
  path: string;
  /** Hears what is done to the machine, when something is. */
  say: (sentence: string) => void;
}

/**
 * An nginx program of this machine. On Debian and Ubuntu, root installs the distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findNginx({ path, say }: FindNginxOptions): string {
  const found = onPath(path) ?? (mayInstall() ? install(path, say) : undefined);
  if (found !== undefined) return found;
  throw new Error(
    'The gateway and nginx must pass the same tests, and this machine has no nginx. Install it ' +
      '(Debian, Ubuntu: apt-get install nginx; macOS: brew install nginx).',
  );
}

function onPath(path: string): string | undefined {
  // Debian puts it where ordinary users don't look.
  const candidates = [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin'].map((folder) => join(folder, 'nginx'));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

function install(path: string, say: (sentence: string) => void): string | undefined {
  say('No nginx on this machine: installing it with apt-get install nginx.');
  // The package would start a service of its own; the tests start theirs. Another installation may hold the lock.
  const env = { PATH: path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  let done = apt('install', '-y', '--no-install-recommends', 'nginx');
  if (done.status !== 0) {
    apt('update');
    done = apt('install', '-y', '--no-install-recommends', 'nginx');
  }
  if (done.status !== 0) say(`apt-get could not install it: ${done.stderr.trim()}`);
  return onPath(path);
}
