import { type Client, escapeIdentifier } from 'pg';
import { MIGRATIONS_DIRECTORY, readMigrations, unknownMigrations } from '../database/migrations.js';
import { ensureRoles, ROLES, type RolePasswords } from '../database/roles.js';
import { open } from '../keys/secret-box.js';
import { majorOf, withOwner } from './backup.js';
import { type BackupArchive, readBackup } from './backup-archive.js';
import { AdminError } from './create-account.js';
import { migrate } from './migrate.js';
import { findProgram, ProgramError, runOnDatabase } from './postgres-programs.js';

/** How far ids jump, unless said otherwise: more than an installation creates between two backups. */
export const ID_GAP = 10_000;

/** Options of {@link restore}. */
export interface RestoreOptions {
  /** An empty database, as a superuser or a member of loguro_control: record tables become the latter's. */
  ownerUrl: string;
  passwords: RolePasswords;
  /** Made by `backUp`, or by `pg_dump --format=custom`. */
  file: string;
  /** The LOGURO_SECRET_KEY of the services to come, to see that it opens the backup's signing keys; null: not looked at. */
  secretKey: Buffer | null;
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
  /** Whether LOGURO_SECRET_KEY was there to be checked. */
  secretKeyChecked: boolean;
}

/**
 * Restores a backup into an empty database and migrates it to this release. What can be refused is refused before
 * anything is changed. No service can connect before the end, and what fails leaves the database empty or closed to
 * them.
 *
 * Ids given out after the backup was made are in the world: in the queue, in clients, in signed keys. Given out again,
 * they would mean something else there. So all ids jump.
 *
 * @throws AdminError
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { ownerUrl, passwords, file, secretKey, idGap = ID_GAP, programs } = options;
  const serverMajor = await withOwner(ownerUrl, async (client) => {
    await refuseUnlessEmpty(client);
    return majorOf(client);
  });
  const pgRestore = findProgram('pg_restore', { serverMajor, folder: programs, path: process.env.PATH ?? '' });
  const archive = await readBackup(pgRestore, file);
  await refuseNewer(archive);
  if (secretKey !== null) refuseLocked(archive, secretKey);
  await withOwner(ownerUrl, async (client) => {
    await ensureRoles(client, passwords);
    await closeToServices(client);
  });
  await fill(pgRestore, ownerUrl, file);
  await withOwner(ownerUrl, async (client) => {
    await client.query('BEGIN');
    await giveRecordsToControl(client);
    await jumpIds(client, idGap);
    await client.query('COMMIT');
  });
  const { applied } = await migrate({ ownerUrl, passwords });
  const counts = await withOwner(ownerUrl, readCounts);
  return { applied, secretKeyChecked: secretKey !== null, ...counts };
}

/** All or nothing. */
async function fill(pgRestore: string, ownerUrl: string, file: string): Promise<void> {
  try {
    await runOnDatabase(pgRestore, ownerUrl, ['--exit-on-error', '--single-transaction', '--no-owner', file]);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new AdminError(`${file} could not be restored, and the database is still empty: ${error.words}`);
  }
}

async function refuseNewer({ migrations }: BackupArchive): Promise<void> {
  const unknown = unknownMigrations(migrations, await readMigrations(MIGRATIONS_DIRECTORY));
  if (unknown.length === 0) return;
  throw new AdminError(
    `The backup is of a newer release than this (it has ${unknown.join(', ')}). Restore it with that release.`,
  );
}

function refuseLocked({ signingKeys }: BackupArchive, secretKey: Buffer): void {
  const locked = signingKeys.find(({ kid, privateKey }) => open(privateKey, secretKey, kid) === null);
  if (locked === undefined) return;
  throw new AdminError(
    `LOGURO_SECRET_KEY does not open the signing key ${locked.kid} of this backup. Set the one that its control planes had.`,
  );
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

type Counts = Pick<Restored, 'projects' | 'datasets' | 'lastDatasetId'>;

async function readCounts(client: Client): Promise<Counts> {
  const { rows } = await client.query<Counts>(
    `SELECT (SELECT count(*)::int FROM projects) AS projects, (SELECT count(*)::int FROM datasets) AS datasets,
            (SELECT last_value::int FROM pg_sequences WHERE schemaname = 'public' AND sequencename = 'datasets_id_seq') AS "lastDatasetId"`,
  );
  return rows[0] as Counts;
}
