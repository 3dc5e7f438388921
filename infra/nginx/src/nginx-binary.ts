import { type FindProgramOptions, findProgram } from '@loguro/servers';

/**
 * An nginx program of this machine. On Debian and Ubuntu, root installs the distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findNginx(options: FindProgramOptions): string {
  const missing =
    'The gateway and nginx must pass the same tests, and this machine has no nginx. Install it ' +
    '(Debian, Ubuntu: apt-get install nginx; macOS: brew install nginx).';
  // Debian puts it where ordinary users don't look.
  const folders = ['/usr/sbin', '/usr/local/sbin'];
  return findProgram({ names: ['nginx'], folders, debianPackage: 'nginx', missing }, options);
}
