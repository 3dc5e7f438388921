import { access } from 'node:fs/promises';
import { type Client, escapeIdentifier } from 'pg';
import { ensureRoles, ROLES, type RolePasswords } from '../database/roles.js';
import { majorOf, withOwner } from './backup.js';
import { AdminError } from './create-account.js';
import { migrate } from './migrate.js';
import { findProgram, runProgram } from './postgres-programs.js';

/** How far ids jump, unless said otherwise: more than an installation creates between two backups. */
export const ID_GAP = 10_000;

/** Options of {@link restore}. */
export interface RestoreOptions {
  /** An empty database, as a superuser or a member of loguro_control: record tables become the latter's. */
  ownerUrl: string;
  passwords: RolePasswords;
  /** Made by `backUp`. */
  file: string;
  /** Added to every id sequence; default {@link ID_GAP}. */
  idGap?: number;
  /** Where `pg_restore` is; default: wherever the machine keeps it. */
  programs?: string | undefined;
}

/** What {@link restore} did. */
export interface Restored {
  /** Migrations that this release adds to what the backup had. */
  applied: string[];
  projects: number;
  datasets: number;
  /** The next dataset gets an id above this. */
  lastDatasetId: number;
}

/**
 * Restores a backup into an empty database and migrates it to this release. No service can connect before the end,
 * and what fails leaves the database empty or closed to them.
 *
 * Ids given out after the backup was made are in the world: in the queue, in clients, in signed keys. Given out again,
 * they would mean something else there. So all ids jump.
 *
 * @throws AdminError
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { ownerUrl, passwords, file, idGap = ID_GAP, programs } = options;
  await access(file).catch(() => {
    throw new AdminError(`${file} can't be read.`);
  });
  const serverMajor = await withOwner(ownerUrl, async (client) => {
    await refuseUnlessEmpty(client);
    await ensureRoles(client, passwords);
    await closeToServices(client);
    return majorOf(client);
  });
  const pgRestore = findProgram('pg_restore', { serverMajor, folder: programs, path: process.env.PATH ?? '' });
  await runProgram(pgRestore, ownerUrl, ['--exit-on-error', '--single-transaction', '--no-owner', file]);
  await withOwner(ownerUrl, async (client) => {
    await client.query('BEGIN');
    await giveRecordsToControl(client);
    await jumpIds(client, idGap);
    await client.query('COMMIT');
  });
  const { applied } = await migrate({ ownerUrl, passwords });
  const counts = await withOwner(ownerUrl, readCounts);
  return { applied, ...counts };
}

async function refuseUnlessEmpty(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'S')
      LIMIT 1`,
  );
  const [found] = rows;
  if (found !== undefined) {
    throw new AdminError(
      `The database is not empty: it has ${found.name}. Restore into a new one (CREATE DATABASE …).`,
    );
  }
}

/** Opened again by the migration, which comes last. */
async function closeToServices(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const roles = Object.values(ROLES).map(escapeIdentifier).join(', ');
  await client.query(`REVOKE ALL ON DATABASE ${escapeIdentifier(rows[0]?.name ?? '')} FROM PUBLIC, ${roles}`);
}

/** The control plane drops, vacuums and deletes from record tables: it has to own them, as it does where it made them. */
async function giveRecordsToControl(client: Client): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('ALTER TABLE %s OWNER TO %I', oid::regclass, $1::text) AS statement
       FROM pg_class WHERE relnamespace = 'records'::regnamespace AND relkind = 'r'
      UNION ALL
     SELECT format('ALTER STATISTICS %I.%I OWNER TO %I', 'records', stxname, $1::text)
       FROM pg_statistic_ext WHERE stxnamespace = 'records'::regnamespace`,
    [ROLES.control],
  );
  for (const { statement } of rows) await client.query(statement);
}

async function jumpIds(client: Client, gap: number): Promise<void> {
  await client.query(
    `SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + $1)
       FROM pg_sequences WHERE schemaname IN ('public', 'ingest')`,
    [gap],
  );
}

async function readCounts(client: Client): Promise<Omit<Restored, 'applied'>> {
  const { rows } = await client.query<Omit<Restored, 'applied'>>(
    `SELECT (SELECT count(*)::int FROM projects) AS projects, (SELECT count(*)::int FROM datasets) AS datasets,
            (SELECT last_value::int FROM pg_sequences WHERE schemaname = 'public' AND sequencename = 'datasets_id_seq') AS "lastDatasetId"`,
  );
  return rows[0] as Omit<Restored, 'applied'>;
}
