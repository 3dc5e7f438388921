// Builds the workspace with turbo, which needs pnpm on the PATH: `npx pnpm …` puts it there, a bare
// `node infra/testing/bin/test.mjs` does not, and then npx fetches it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/**
 * Builds packages and what they depend on; silent but for errors.
 *
 * @param {readonly string[]} packages names of packages; none: all
 * @returns {boolean} whether it succeeded
 */
export function build(packages = []) {
  const turbo = ['turbo', 'run', 'build', '--output-logs=errors-only', '--log-order=grouped'];
  const filters = packages.map((name) => `--filter=${name}...`);
  const bin = join(ROOT, 'node_modules/.bin');
  const path = `${bin}${delimiter}${process.env.PATH ?? ''}`;
  const onPath = path
    .split(delimiter)
    .some((folder) => existsSync(join(folder, 'pnpm')) || existsSync(join(folder, 'pnpm.cmd')));
  const [program, ...args] = [...(onPath ? [] : ['npx', '--yes', 'pnpm', 'exec']), ...turbo, ...filters];
  const env = {
    ...process.env,
    PATH: path,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
  const built = spawnSync(program, args, { cwd: ROOT, env, encoding: 'utf8', shell: process.platform === 'win32' });
  if (built.status === 0) return true;
  process.stderr.write(`${built.error?.message ?? ''}${built.stdout ?? ''}${built.stderr ?? ''}`);
  return false;
}
