import { type FindProgramOptions, findProgram } from './find-program.js';

/**
 * A Redis (or Valkey) server program of this machine. On Debian and Ubuntu, root installs the
 * distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findRedis(options: FindProgramOptions): string {
  const missing =
    'These tests need a Redis server and this machine has none. Install one (Debian, Ubuntu: apt-get install ' +
    'redis-server; macOS: brew install redis), or set LOGURO_TEST_REDIS_URL to one that may be filled and emptied.';
  return findProgram({ names: ['redis-server', 'valkey-server'], debianPackage: 'redis-server', missing }, options);
}
