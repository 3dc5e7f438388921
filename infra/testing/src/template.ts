import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withClient, withUrl } from '@loguro/servers';
import { runMigrations } from 'bullmq';
import type pg from 'pg';

/** The migrated database that every test database is a copy of. */
export const TEMPLATE = 'loguro_template';

/** The roles that services log in as; in tests, each role's password is its name. */
export const ROLES = ['loguro_control', 'loguro_query', 'loguro_ingest'] as const;

const CONTROL_PLANE = fileURLToPath(new URL('../../../services/control-plane/', import.meta.url));

/** Creates {@link TEMPLATE}, with the roles, on a fresh server. */
export async function createTemplate(superuserUrl: string): Promise<void> {
  await withClient(superuserUrl, (client) => client.query(`CREATE DATABASE "${TEMPLATE}"`));
  const url = withUrl(superuserUrl, { database: TEMPLATE });
  const command = join(CONTROL_PLANE, 'dist/admin/main.js');
  if (existsSync(command)) await migrateByCommand(command, url);
  else await withClient(url, migrateByHand);
}

async function migrateByCommand(command: string, url: string): Promise<void> {
  const passwords = ROLES.map((role) => [`${role.toUpperCase()}_PASSWORD`, role]);
  await promisify(execFile)(process.execPath, [command, 'migrate'], {
    env: { LOGURO_MIGRATE_DATABASE_URL: url, ...Object.fromEntries(passwords) },
    timeout: 60_000,
  });
}

async function migrateByHand(client: pg.Client): Promise<void> {
  for (const role of ROLES) await client.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${role}'`);
  const folder = join(CONTROL_PLANE, 'prisma/migrations');
  const stamps = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of stamps.sort((a, b) => a.name.localeCompare(b.name))) {
    await client.query(readFileSync(join(folder, name, 'migration.sql'), 'utf8'));
  }
  await runMigrations(client, 'queue');
  await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "queue" TO "loguro_ingest";
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA "queue" TO "loguro_ingest";
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "queue" TO "loguro_ingest"`);
}
