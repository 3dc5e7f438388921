import { Client } from 'pg';
import { applyMigrations } from '../database/migrations.js';
import { ensureQueueSchema } from '../database/queue-schema.js';
import { ensureRoles, grantConnect, type RolePasswords } from '../database/roles.js';

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /** `postgres://…` of the database's owner, who may also create roles. */
  ownerUrl: string;
  /** Printable ASCII; each migration sets them anew. */
  passwords: RolePasswords;
  /** Apply again what failed before, once its cause is mended. Default false. */
  retryFailed?: boolean;
}

/** What {@link migrate} did. */
export interface MigrateResult {
  /** Names of the migrations applied now; empty when the database was up to date. */
  applied: string[];
}

/**
 * Makes a database ready for the services: login roles and who may connect, tables, and the queue's schema.
 * Changes nothing when there is nothing to change (other than the passwords), and may run twice at once.
 *
 * @throws MigrationError or RoleError with a sentence for the operator
 */
export async function migrate({ ownerUrl, passwords, retryFailed = false }: MigrateOptions): Promise<MigrateResult> {
  const client = new Client({ connectionString: ownerUrl, application_name: 'loguro-migrate' });
  // A connection lost between two statements also makes the next statement fail, which is reported.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await ensureRoles(client, passwords);
    const applied = await applyMigrations(client, { retryFailed });
    await ensureQueueSchema(client);
    await grantConnect(client);
    return { applied };
  } finally {
    await client.end();
  }
}
