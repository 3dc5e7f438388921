import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type FindProgramOptions, installPackage } from './find-program.js';
import { majorVersion, type PostgresBinaries } from './postgres-binaries.js';

/** A PostgreSQL of the machine itself: unlike npm's, it has the client programs. */
export interface SystemPostgres extends PostgresBinaries {
  /** Where `pg_dump`, `pg_restore` and the rest are; works as `LOGURO_POSTGRES_PROGRAMS`. */
  folder: string;
}

/** Where Debian and Ubuntu keep PostgreSQL, by major version; nothing of it but wrappers is on the PATH. */
const DEBIAN = '/usr/lib/postgresql';
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf';
/** The oldest version that Loguro runs on. */
const OLDEST = 15;
const NEEDED = ['initdb', 'postgres', 'pg_dump', 'pg_restore'] as const;

/**
 * The oldest PostgreSQL of this machine that Loguro runs on, server and client programs of one version. On Debian and
 * Ubuntu, root installs the distribution's package when there is none.
 *
 * @throws Error that says what to install
 */
export function findSystemPostgres({ path, say }: FindProgramOptions): SystemPostgres {
  const found = oldest(path) ?? installed(path, say);
  if (found !== undefined) return found;
  throw new Error(
    'Backups are tested with pg_dump and a server of its version, and this machine has none. Install PostgreSQL ' +
      `${OLDEST} or newer (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17, and put its ` +
      'folder bin on the PATH).',
  );
}

function oldest(path: string): SystemPostgres | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  return [...debian, ...path.split(delimiter)]
    .filter((folder) => NEEDED.every((program) => existsSync(join(folder, program))))
    .map((folder) => {
      const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')];
      return { folder, initdb, postgres, major: majorVersion(spawnSync(postgres, ['--version']).stdout.toString()) };
    })
    .filter(({ major }) => major >= OLDEST)
    .sort((a, b) => a.major - b.major)[0];
}

function installed(path: string, say: FindProgramOptions['say']): SystemPostgres | undefined {
  // The package would make a cluster and start it; the tests make theirs.
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version') && !existsSync(CLUSTER_SETTINGS)) {
    mkdirSync(dirname(CLUSTER_SETTINGS), { recursive: true });
    writeFileSync(CLUSTER_SETTINGS, 'create_main_cluster = false\n');
  }
  installPackage({ program: 'PostgreSQL with client programs', debianPackage: 'postgresql', path, say });
  return oldest(path);
}
