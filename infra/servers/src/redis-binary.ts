import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Options of {@link findRedis}. */
export interface FindRedisOptions {
  /** The PATH to look in. */
  path: string;
  /** Hears what is done to the machine, when something is. */
  say: (sentence: string) => void;
}

/**
 * A Redis (or Valkey) server program of this machine. On Debian and Ubuntu, root installs the
 * distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findRedis({ path, say }: FindRedisOptions): string {
  const found = onPath(path) ?? (mayInstall() ? install(path, say) : undefined);
  if (found !== undefined) return found;
  throw new Error(
    'These tests need a Redis server and this machine has none. Install one (Debian, Ubuntu: apt-get install ' +
      'redis-server; macOS: brew install redis), or set LOGURO_TEST_REDIS_URL to one that may be filled and emptied.',
  );
}

function onPath(path: string): string | undefined {
  const candidates = path
    .split(delimiter)
    .flatMap((folder) => ['redis-server', 'valkey-server'].map((name) => join(folder, name)));
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
  say('No Redis server on this machine: installing it with apt-get install redis-server.');
  // The package would start a service of its own; the tests start theirs.
  const env = { PATH: path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  let done = apt('install', '-y', '--no-install-recommends', 'redis-server');
  if (done.status !== 0) {
    apt('update');
    done = apt('install', '-y', '--no-install-recommends', 'redis-server');
  }
  if (done.status !== 0) say(`apt-get could not install it: ${done.stderr.trim()}`);
  return onPath(path);
}
