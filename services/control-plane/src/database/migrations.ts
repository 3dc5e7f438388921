import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';

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

/**
 * Applies the migrations that are not recorded yet and records them in `_prisma_migrations` as Prisma would,
 * so that `prisma migrate status` and `deploy` accept the result. A migration runs as one transaction. Two
 * runs at once wait for each other.
 *
 * @param client a session of its own, as the database's owner
 * @returns the names of the migrations applied now, in order
 * @throws MigrationError when a recorded migration failed, or differs from its file
 */
export async function applyMigrations(
  client: Client,
  { directory = MIGRATIONS_DIRECTORY, retryFailed = false }: MigrationOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(directory);
  await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
  try {
    await client.query(CREATE_TABLE);
    if (retryFailed) await forgiveFailed(client);
    const recorded = await readRecorded(client);
    for (const record of recorded) refuseUnusable(record, migrations);
    const pending = migrations.filter(({ name }) => !recorded.some((record) => record.migration_name === name));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [PRISMA_LOCK]);
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

async function apply(client: Client, { name, script }: Migration): Promise<void> {
  const id = randomUUID();
  await client.query(
    'INSERT INTO "public"."_prisma_migrations" ("id", "checksum", "migration_name", "started_at") VALUES ($1, $2, $3, now())',
    [id, checksum(script), name],
  );
  try {
    // Without parameters this is one simple-protocol message, which PostgreSQL runs as one transaction.
    await client.query(script);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await client.query('UPDATE "public"."_prisma_migrations" SET "logs" = $2 WHERE "id" = $1', [id, reason]);
    throw new MigrationError(`The migration ${name} failed and changed nothing: ${reason}`, { cause: error });
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

/** A migration recorded by a newer release has no file here; that is how a rolling upgrade looks from below. */
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
