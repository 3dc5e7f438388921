import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
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
  const majors = [...new Set(found.map(({ major }) => major))].join(', ');
  const seen = found.length === 0 ? 'none was found' : `only ${majors} was found`;
  throw new AdminError(
    `The server is PostgreSQL ${serverMajor}, which needs ${program} of that version or newer, and ${seen}. Install PostgreSQL's ` +
      `client programs (Debian, Ubuntu: postgresql-client-${serverMajor}, from apt.postgresql.org where the distribution is older), name their ` +
      `folder in LOGURO_POSTGRES_PROGRAMS, or take those of the image postgres:${serverMajor} (docs/operations/loguro-admin.md#without-client-programs).`,
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

/** One of the programs ended with a failure. */
export class ProgramError extends AdminError {
  /** Its own, without its name. */
  readonly words: string;

  constructor(program: string, words: string, code: number | null) {
    super(words || `${program} ended with exit code ${code}.`);
    this.words = words.replaceAll(/^pg_\w+: (error: )?/gm, '');
  }
}

/**
 * Runs one of the programs on a database. The password goes by the environment: arguments can be seen by every
 * user of the machine.
 *
 * @throws ProgramError with the program's own words
 */
export async function runOnDatabase(program: string, url: string, args: readonly string[]): Promise<void> {
  const target = new URL(url);
  const password = decodeURIComponent(target.password);
  target.password = '';
  await runProgram(program, [`--dbname=${target.href}`, '--no-password', ...args], {
    PGAPPNAME: 'loguro-admin',
    ...(password !== '' && { PGPASSWORD: password }),
  });
}

/**
 * Runs one of the programs.
 *
 * @returns what it wrote
 * @throws ProgramError with its own words
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, args, {
    env: { PATH, HOME, LC_ALL: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [written, words] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new ProgramError(program, words().trim(), code);
  return written();
}

function collect(stream: Readable): () => string {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString();
}
