import { chmod, rename, rm, stat } from 'node:fs/promises';
import { Client } from 'pg';
import { AdminError } from './create-account.js';
import { findProgram, runOnDatabase } from './postgres-programs.js';

/** Options of {@link backUp}. */
export interface BackupOptions {
  /** The database's owner, who can read every table. */
  ownerUrl: string;
  /** Must not exist; written whole or not at all. */
  file: string;
  /** Where `pg_dump` is; default: wherever the machine keeps it. */
  programs?: string | undefined;
}

/** What {@link backUp} made. */
export interface Backup {
  file: string;
  bytes: number;
  /** The snapshot is of a moment between these two. */
  begunAt: string;
  endedAt: string;
}

/**
 * Writes the whole database as of one moment into one file: metadata, records, ledger, dead letters and, where
 * PostgreSQL is the queue, the queue. The services go on; only deleting a dataset waits.
 *
 * @throws AdminError
 */
export async function backUp({ ownerUrl, file, programs }: BackupOptions): Promise<Backup> {
  if (await exists(file)) throw new AdminError(`${file} exists already; a backup does not overwrite another.`);
  const serverMajor = await withOwner(ownerUrl, majorOf);
  const pgDump = findProgram('pg_dump', { serverMajor, folder: programs, path: process.env.PATH ?? '' });
  const partial = `${file}.partial`;
  const begunAt = new Date().toISOString();
  const before = process.umask(0o077);
  try {
    await runOnDatabase(pgDump, ownerUrl, ['--format=custom', `--file=${partial}`]);
    await chmod(partial, 0o600);
    await rename(partial, file);
  } finally {
    process.umask(before);
    await rm(partial, { force: true });
  }
  return { file, bytes: (await stat(file)).size, begunAt, endedAt: new Date().toISOString() };
}

/** Runs something as the database's owner. */
export async function withOwner<T>(ownerUrl: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: ownerUrl, application_name: 'loguro-admin' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The server's major version. */
export async function majorOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
  return Math.floor(Number(rows[0]?.version) / 10_000);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
