import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Options of {@link findProgram}. */
export interface FindProgramOptions {
  /** The PATH to look in. */
  path: string;
  /** Hears what is done to the machine, when something is. */
  say: (sentence: string) => void;
}

/** A program that tests run, and where it comes from. */
export interface WantedProgram {
  /** Names of its file; the first one that is found. */
  names: readonly string[];
  /** Folders to look in that may not be on the PATH. */
  folders?: readonly string[];
  /** Its package in Debian and Ubuntu. */
  debianPackage: string;
  /** What to tell somebody who has to install it. */
  missing: string;
}

/**
 * A program of this machine. On Debian and Ubuntu, root installs the distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findProgram(wanted: WantedProgram, { path, say }: FindProgramOptions): string {
  const found = onPath(wanted, path) ?? (mayInstall() ? install(wanted, path, say) : undefined);
  if (found !== undefined) return found;
  throw new Error(wanted.missing);
}

function onPath({ names, folders = [] }: WantedProgram, path: string): string | undefined {
  return executableIn([...path.split(delimiter), ...folders], names);
}

/** The first file of one of these names that may be run. */
export function executableIn(folders: readonly string[], names: readonly string[]): string | undefined {
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
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

function install(wanted: WantedProgram, path: string, say: (sentence: string) => void): string | undefined {
  const { names, debianPackage } = wanted;
  say(`No ${names[0]} on this machine: installing it with apt-get install ${debianPackage}.`);
  // A package may start a service of its own; the tests start theirs. Another installation may hold the lock.
  const env = { PATH: path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  let done = apt('install', '-y', '--no-install-recommends', debianPackage);
  if (done.status !== 0) {
    apt('update');
    done = apt('install', '-y', '--no-install-recommends', debianPackage);
  }
  if (done.status !== 0) say(`apt-get could not install it: ${done.stderr.trim()}`);
  return onPath(wanted, path);
}
