import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { majorVersion, type PostgresBinaries } from './postgres-binaries.js';

/** A PostgreSQL of the machine itself: unlike npm's, it has the client programs. */
export interface SystemPostgres extends PostgresBinaries {
  /** Where `pg_dump`, `pg_restore` and the rest are; works as `LOGURO_POSTGRES_PROGRAMS`. */
  folder: string;
}

/** Options of {@link findSystemPostgres}. */
export interface FindSystemPostgresOptions {
  /** The PATH to look in. */
  path: string;
  /** Hears what is done to the machine, when something is. */
  say: (sentence: string) => void;
}

/** Where Debian and Ubuntu keep PostgreSQL, by major version; nothing of it but wrappers is on the PATH. */
const DEBIAN = '/usr/lib/postgresql';
/** The oldest version that Loguro runs on. */
const OLDEST = 15;
const NEEDED = ['initdb', 'postgres', 'pg_dump', 'pg_restore'] as const;

/**
 * The newest PostgreSQL, server and client programs of one version, of this machine. On Debian and Ubuntu, root
 * installs the distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findSystemPostgres({ path, say }: FindSystemPostgresOptions): SystemPostgres {
  const found = newest(path) ?? (mayInstall() ? install(path, say) : undefined);
  if (found !== undefined) return found;
  throw new Error(
    'Backups are tested with pg_dump and a server of its version, and this machine has none. Install PostgreSQL ' +
      '15 or newer (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17, and put its ' +
      'folder bin on the PATH).',
  );
}

function newest(path: string): SystemPostgres | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  return [...debian, ...path.split(delimiter)]
    .filter((folder) => NEEDED.every((program) => existsSync(join(folder, program))))
    .map((folder) => {
      const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')];
      return { folder, initdb, postgres, major: majorVersion(spawnSync(postgres, ['--version']).stdout.toString()) };
    })
    .filter(({ major }) => major >= OLDEST)
    .sort((a, b) => b.major - a.major)[0];
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

function install(path: string, say: (sentence: string) => void): SystemPostgres | undefined {
  say('No PostgreSQL with client programs on this machine: installing it with apt-get install postgresql.');
  // The package would make a cluster and start it; the tests make theirs.
  const settings = '/etc/postgresql-common';
  mkdirSync(settings, { recursive: true });
  if (!existsSync(join(settings, 'createcluster.conf'))) {
    writeFileSync(join(settings, 'createcluster.conf'), 'create_main_cluster = false\n');
  }
  const env = { PATH: path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const postgresql = [
    'install',
    '-y',
    '--no-install-recommends',
    '-o',
    'Dpkg::Options::=--force-confold',
    'postgresql',
  ];
  let done = apt(...postgresql);
  if (done.status !== 0) {
    apt('update');
    done = apt(...postgresql);
  }
  if (done.status !== 0) say(`apt-get could not install it: ${done.stderr.trim()}`);
  return newest(path);
}
