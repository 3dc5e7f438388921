import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import { isConcurrent, LOCKS, LockError, type LockPatience, runScript } from './migration-script.js';

/** Where the migrations are, the same from `src/` and from `dist/`. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));

/** The database is not in a state that migrating may start from; the message says what to do. */
export class MigrationError extends Error {}

/** Options of {@link applyMigrations}. */
export interface MigrationOptions {
  /** Default {@link MIGRATIONS_DIRECTORY}. */
  directory?: string;
  /** Apply again what failed before, once its cause is mended. Default false. */
  retryFailed?: boolean;
  /** How a migration waits for its locks. Default {@link LOCKS}. */
  locks?: LockPatience;
}

interface Migration {
  name: string;
  script: string;
}
interface AppliedMigration {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  logs: string | null;
}

/** Columns, types and defaults as `prisma migrate` creates them. */
const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS "public"."_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

/** Prisma's own advisory lock, so that it and this runner never migrate one database at once. */
const PRISMA_LOCK = 72707369;
const TURN_INTERVAL_MS = 100;

/**
 * Applies the migrations that are not recorded yet and records them in `_prisma_migrations` as Prisma would,
 * so that `prisma migrate status` and `deploy` accept the result. A migration runs as one transaction, unless it is a
 * single statement that builds or drops an index CONCURRENTLY. Two runs at once wait for each other.
 *
 * @param client a session of its own, as the database's owner
 * @returns the names of the migrations applied now, in order
 * @throws MigrationError when a recorded migration failed, differs from its file or is of a newer release, or when
 *   one can't be applied now
 */
export async function applyMigrations(
  client: Client,
  { directory = MIGRATIONS_DIRECTORY, retryFailed = false, locks = LOCKS }: MigrationOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(directory);
  await takeTurn(client);
  try {
    await client.query(CREATE_TABLE);
    const recorded = await readRecorded(client);
    refuseNewer(recorded, migrations);
    if (retryFailed) await forgiveFailed(client);
    const standing = retryFailed ? await readRecorded(client) : recorded;
    for (const record of standing) refuseUnusable(record, migrations);
    const pending = migrations.filter(({ name }) => !standing.some((record) => record.migration_name === name));
    for (const migration of pending) await apply(client, migration, locks);
    return pending.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [PRISMA_LOCK]);
  }
}

/**
 * Asks again instead of waiting: a session that waits for a lock has a snapshot, and CREATE INDEX CONCURRENTLY waits
 * for the end of every snapshot.
 */
async function takeTurn(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ ours: boolean }>('SELECT pg_try_advisory_lock($1) AS ours', [PRISMA_LOCK]);
    if (rows[0]?.ours === true) return;
    await delay(TURN_INTERVAL_MS);
  }
}

/** How a database's migrations compare with those of this release; names, in order. */
export interface MigrationStatus {
  /** Of this release and not applied. */
  pending: string[];
  /** Begun and not finished. */
  failed: string[];
  /** Applied, and different from the file of the same name. */
  changed: string[];
  /** Applied by a newer release. */
  unknown: string[];
}

/**
 * Compares, and changes nothing.
 *
 * @throws the driver's error `42P01` when the database was never migrated
 */
export async function migrationStatus(client: Client, directory = MIGRATIONS_DIRECTORY): Promise<MigrationStatus> {
  const migrations = await readMigrations(directory);
  const recorded = await readRecorded(client);
  const names = (records: readonly AppliedMigration[]) => records.map((record) => record.migration_name);
  const fileOf = (record: AppliedMigration) => migrations.find(({ name }) => name === record.migration_name);
  const finished = recorded.filter((record) => record.finished_at !== null);
  return {
    pending: migrations.map(({ name }) => name).filter((name) => !names(recorded).includes(name)),
    failed: names(recorded.filter((record) => record.finished_at === null)),
    changed: names(
      finished.filter((record) => {
        const file = fileOf(record);
        return file !== undefined && !matchesChecksum(file.script, record.checksum);
      }),
    ),
    unknown: names(finished.filter((record) => fileOf(record) === undefined)),
  };
}

/** The migrations of a folder in Prisma's layout, in the order of their names. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => ({ name, script: await readFile(`${directory}/${name}/migration.sql`, 'utf8') })),
  );
}

async function apply(client: Client, { name, script }: Migration, locks: LockPatience): Promise<void> {
  const id = randomUUID();
  await client.query(
    'INSERT INTO "public"."_prisma_migrations" ("id", "checksum", "migration_name", "started_at") VALUES ($1, $2, $3, now())',
    [id, checksum(script), name],
  );
  try {
    await runScript(client, script, locks);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof LockError) {
      // Nothing is wrong with the migration: the next run may simply try again.
      await client.query('UPDATE "public"."_prisma_migrations" SET "rolled_back_at" = now() WHERE "id" = $1', [id]);
      throw new MigrationError(`The migration ${name} was not applied and changed nothing: ${reason}`, {
        cause: error,
      });
    }
    await client.query('UPDATE "public"."_prisma_migrations" SET "logs" = $2 WHERE "id" = $1', [id, reason]);
    const left = isConcurrent(script)
      ? 'failed, and may have left an invalid index to drop'
      : 'failed and changed nothing';
    throw new MigrationError(`The migration ${name} ${left}: ${reason}`, { cause: error });
  }
  await client.query(
    'UPDATE "public"."_prisma_migrations" SET "applied_steps_count" = "applied_steps_count" + 1, "finished_at" = now() WHERE "id" = $1',
    [id],
  );
}

async function readRecorded(client: Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    'SELECT "migration_name", "checksum", "finished_at", "logs" FROM "public"."_prisma_migrations" WHERE "rolled_back_at" IS NULL ORDER BY "started_at"',
  );
  return rows;
}

/** A failed run left nothing behind but its record: marked like `prisma migrate resolve --rolled-back`. */
async function forgiveFailed(client: Client): Promise<void> {
  await client.query(
    'UPDATE "public"."_prisma_migrations" SET "rolled_back_at" = now() WHERE "finished_at" IS NULL AND "rolled_back_at" IS NULL',
  );
}

/** The services of this release may run on a newer database for a while; migrating it is for the newer release. */
function refuseNewer(recorded: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  const unknown = unknownMigrations(
    recorded.map((record) => record.migration_name),
    migrations,
  );
  if (unknown.length === 0) return;
  throw new MigrationError(
    `A newer release migrated this database (${unknown.join(', ')}), and migrations only go forward. Run the newer release's ` +
      'migrate; to go back to the services of this one, start them without migrating (docs/operations/upgrades.md).',
  );
}

/** Names that none of the migrations of this release has. */
export function unknownMigrations(names: readonly string[], migrations: readonly { name: string }[]): string[] {
  return names.filter((name) => !migrations.some((migration) => migration.name === name));
}

function refuseUnusable(record: AppliedMigration, migrations: readonly Migration[]): void {
  const name = record.migration_name;
  if (record.finished_at === null) {
    throw new MigrationError(
      `The migration ${name} was started before and did not finish${record.logs ? ` (${record.logs})` : ''}. Mend the cause, then run "migrate --retry-failed".`,
    );
  }
  const file = migrations.find((migration) => migration.name === name);
  if (file !== undefined && !matchesChecksum(file.script, record.checksum)) {
    throw new MigrationError(
      `The migration ${name} was changed after it had been applied. Restore its file; to change the database, add a new migration.`,
    );
  }
}

function checksum(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}

/** As Prisma does, whatever git made of the line endings. */
function matchesChecksum(script: string, expected: string): boolean {
  const unix = script.replaceAll('\r\n', '\n');
  return [script, unix, unix.replaceAll('\n', '\r\n')].some((text) => checksum(text) === expected);
}
