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
  const found = onPath(wanted, path);
  if (found !== undefined) return found;
  installPackage({ program: wanted.names[0] ?? '', debianPackage: wanted.debianPackage, path, say });
  const installed = onPath(wanted, path);
  if (installed !== undefined) return installed;
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

/** Options of {@link installPackage}. */
export interface InstallOptions extends FindProgramOptions {
  /** What is missing, for the sentence. */
  program: string;
  debianPackage: string;
}

/** Installs a package where that is possible: on Debian and Ubuntu, as root. */
export function installPackage({ program, debianPackage, path, say }: InstallOptions): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version') || !existsSync('/usr/bin/apt-get')) return;
  say(`No ${program} on this machine: installing it with apt-get install ${debianPackage}.`);
  // A package may start a service of its own; the tests start theirs. Another installation may hold the lock.
  const env = { PATH: path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  // Settings that are there already stay.
  const install = ['install', '-y', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', debianPackage];
  let done = apt(...install);
  if (done.status !== 0) {
    apt('update');
    done = apt(...install);
  }
  if (done.status !== 0) say(`apt-get could not install it: ${done.stderr.trim()}`);
}
