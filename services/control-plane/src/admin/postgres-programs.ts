import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AdminError } from './create-account.js';

/** PostgreSQL's own programs that a backup needs. */
export type PostgresProgram = 'pg_dump' | 'pg_restore';

/** Where Debian and Ubuntu keep them, by major version. */
const DEBIAN = '/usr/lib/postgresql';

interface Found {
  path: string;
  major: number;
}

/** Options of {@link findProgram}. */
export interface FindProgramOptions {
  /** Of the server: 15, 18. */
  serverMajor: number;
  /** The only folder to look in; default: the PATH, and where Debian keeps them. */
  folder?: string | undefined;
  /** The PATH. */
  path: string;
}

/**
 * The program of the version that suits the server: its own; else, to dump, the next newer one (an older pg_dump
 * refuses a newer server); to restore, the next older one (a newer pg_restore may say what an older server does not
 * understand).
 *
 * @throws AdminError that says what to install
 */
export function findProgram(program: PostgresProgram, { serverMajor, folder, path }: FindProgramOptions): string {
  const folders = folder === undefined ? [...path.split(delimiter), ...debianFolders()] : [folder];
  const found = folders.map((candidate) => versionOf(join(candidate, program))).filter((entry) => entry !== undefined);
  const newer = found.filter(({ major }) => major >= serverMajor).sort((a, b) => a.major - b.major);
  const older = found.filter(({ major }) => major <= serverMajor).sort((a, b) => b.major - a.major);
  const [best] = program === 'pg_dump' ? newer : [...older, ...newer];
  if (best !== undefined) return best.path;
  const seen = found.length === 0 ? 'none was found' : `only ${found.map(({ major }) => major).join(', ')} was found`;
  throw new AdminError(
    `This needs ${program} of PostgreSQL ${serverMajor} or newer, and ${seen}. Install PostgreSQL's client programs (Debian, Ubuntu: ` +
      `postgresql-client-${serverMajor}), or name their folder in LOGURO_POSTGRES_PROGRAMS.`,
  );
}

function debianFolders(): string[] {
  try {
    return readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin'));
  } catch {
    return [];
  }
}

/** "pg_dump (PostgreSQL) 15.18 (Debian …)" */
function versionOf(path: string): Found | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const major = status === 0 ? /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1] : undefined;
  return major === undefined ? undefined : { path, major: Number(major) };
}

/**
 * Runs one of the programs on a database. The password goes by the environment: arguments can be seen by every
 * user of the machine.
 *
 * @throws AdminError with the program's own words
 */
export async function runProgram(program: string, url: string, args: readonly string[]): Promise<void> {
  const target = new URL(url);
  const password = decodeURIComponent(target.password);
  target.password = '';
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, [`--dbname=${target.href}`, '--no-password', ...args], {
    env: { PATH, HOME, LC_ALL: 'C', PGAPPNAME: 'loguro-admin', ...(password !== '' && { PGPASSWORD: password }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk) => {
    words += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new AdminError(words.trim() || `${program} ended with exit code ${code}.`);
}
