import { access } from 'node:fs/promises';
import { AdminError } from './create-account.js';
import { ProgramError, runProgram } from './postgres-programs.js';

/** What has to be known of a backup before it may change a database. */
export interface BackupArchive {
  /** Names of the migrations its database had. */
  migrations: string[];
  /** Its signing keys, private halves encrypted. */
  signingKeys: { kid: string; privateKey: Buffer }[];
}

/**
 * Looks into a backup; touches no database.
 *
 * @param pgRestore the program
 * @throws AdminError when the file is not a backup of a Loguro database, or can't be read by this program
 */
export async function readBackup(pgRestore: string, file: string): Promise<BackupArchive> {
  await access(file).catch(() => {
    throw new AdminError(`${file} can't be read.`);
  });
  const tables = ['--schema=public', '--table=_prisma_migrations', '--table=signing_keys'];
  const sql = await runProgram(pgRestore, ['--data-only', ...tables, '--file=-', file]).catch((error) => {
    throw error instanceof ProgramError ? new AdminError(`${file} ${faultOf(error.words)}`) : error;
  });
  const migrations = copiedRows(sql, '_prisma_migrations');
  if (migrations.length === 0) throw new AdminError(`${file} is not a backup of a Loguro database.`);
  return {
    migrations: migrations
      .filter((row) => row.finished_at !== null && row.rolled_back_at === null)
      .map((row) => row.migration_name ?? ''),
    signingKeys: copiedRows(sql, 'signing_keys').map((row) => ({
      kid: row.kid ?? '',
      privateKey: Buffer.from((row.private_key ?? '').replace(/^\\x/, ''), 'hex'),
    })),
  };
}

/** What follows the name of the file. */
function faultOf(words: string): string {
  if (/unsupported version/.test(words)) {
    return `was made by a newer pg_dump than this pg_restore can read (${words}). Install PostgreSQL's client programs of that version.`;
  }
  if (/appears to be a text format dump/.test(words)) {
    return 'is a plain SQL dump: a backup is made with "backup", or with pg_dump --format=custom.';
  }
  if (/valid archive|too short/.test(words)) return 'is not a backup, or only the beginning of one.';
  return `is damaged or not whole: ${words}`;
}

type Row = Readonly<Record<string, string | null>>;

/** The rows of a table in a script of COPY commands, by column. */
function copiedRows(sql: string, table: string): Row[] {
  const lines = sql.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`COPY public.${table} (`));
  if (start < 0) return [];
  const columns = /\((.*)\)/.exec(lines[start] ?? '')?.[1]?.split(', ') ?? [];
  const rows = lines.slice(start + 1, lines.indexOf('\\.', start));
  return rows.map((line) => {
    const values = line.split('\t').map(textOf);
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]));
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' };

/** COPY's text format (PostgreSQL manual, COPY, "Text Format"). */
function textOf(value: string): string | null {
  return value === '\\N' ? null : value.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
