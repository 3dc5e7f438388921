import type { Check, Environment } from '@loguro/types/operations';
import { Client } from 'pg';
import { openDatabase } from '../database/database.js';
import { migrationStatus } from '../database/migrations.js';
import { ROLES } from '../database/roles.js';
import { SQL_STATE, sqlState } from '../database/sql-state.js';
import { loadDatabaseCheckConfig } from './config.js';
import { readRetention } from './retention.js';
import { lockedSigningKeys } from './signing-keys.js';

/** The oldest release of PostgreSQL that everything here runs on. */
const OLDEST_MAJOR = 15;
/** Clocks that are further apart make time ranges and lifetimes mean different things, in milliseconds. */
const CLOCK_WARNING_MS = 1000;
const CLOCK_FAULT_MS = 10_000;

/** Looks at the database, as `doctor` does. Changes nothing. @throws ConfigError */
export async function checkDatabase(env: Environment): Promise<Check[]> {
  const { databaseUrl, secretKey } = loadDatabaseCheckConfig(env);
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'loguro-admin',
    connectionTimeoutMillis: 5000,
    query_timeout: 30_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [failed('database', `The database can't be reached: ${reason || 'no answer'}.`)];
  }
  try {
    const checks = [await version(client), await durability(client), await clock(client), await roles(client)];
    const state = await migrations(client);
    checks.push(state, await connections(client));
    if (state.state !== 'failed') checks.push(...(await contents(databaseUrl, secretKey)));
    return checks;
  } finally {
    await client.end();
  }
}

async function version(client: Client): Promise<Check> {
  const { major, text } = await one<{ major: number; text: string }>(
    client,
    "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_version') AS text",
  );
  if (major < OLDEST_MAJOR)
    return failed('database', `PostgreSQL ${text} is too old: ${OLDEST_MAJOR} or newer is needed.`);
  return ok('database', `PostgreSQL ${text} answers.`);
}

async function durability(client: Client): Promise<Check> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY 1",
  );
  if (rows.length === 0) return ok('durability', 'What is committed is on disk.');
  const names = rows.map(({ name }) => name).join(', ');
  return failed('durability', `A crash can lose stored records: PostgreSQL runs with ${names} off. Turn it on.`);
}

async function clock(client: Client): Promise<Check> {
  const before = Date.now();
  const { at } = await one<{ at: number }>(
    client,
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at',
  );
  const skewMs = Math.round(at - (before + Date.now()) / 2);
  return clockCheck('database clock', "the database's", skewMs);
}

/** @param skewMs how far the other clock is ahead of ours */
export function clockCheck(name: string, whose: string, skewMs: number): Check {
  const apart = Math.abs(skewMs);
  if (apart < CLOCK_WARNING_MS) return ok(name, `This clock and ${whose} agree.`);
  const sentence = `This clock and ${whose} are ${(apart / 1000).toFixed(1)} s apart: synchronise them (NTP).`;
  return apart < CLOCK_FAULT_MS ? { name, state: 'warning', sentence } : failed(name, sentence);
}

async function roles(client: Client): Promise<Check> {
  const names = Object.values(ROLES);
  const { rows } = await client.query<{ name: string; login: boolean; powerful: boolean; connects: boolean }>(
    `SELECT rolname AS name, rolcanlogin AS login,
            rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful,
            has_database_privilege(oid, current_database(), 'CONNECT') AS connects
       FROM pg_roles WHERE rolname = ANY($1)`,
    [names],
  );
  const faults = names.flatMap((name) => {
    const role = rows.find((row) => row.name === name);
    if (role === undefined) return [`${name} does not exist`];
    if (!role.login || !role.connects) return [`${name} may not log in to this database`];
    return role.powerful ? [`${name} may do more than a service needs`] : [];
  });
  if (faults.length === 0) return ok('roles', 'The three login roles exist and may do what services need, no more.');
  return failed('roles', `${faults.join('; ')}. Run the migrate command.`);
}

async function migrations(client: Client): Promise<Check> {
  try {
    const { pending, failed: broken, changed, unknown } = await migrationStatus(client);
    if (broken.length > 0)
      return failed(
        'migrations',
        `Begun and not finished: ${broken.join(', ')}. Mend the cause, then migrate --retry-failed.`,
      );
    if (changed.length > 0)
      return failed('migrations', `Applied, and different from this release's: ${changed.join(', ')}.`);
    if (pending.length > 0)
      return failed('migrations', `Not applied yet: ${pending.join(', ')}. Run the migrate command.`);
    if (unknown.length === 0) return ok('migrations', 'All migrations of this release are applied.');
    const sentence = `The database was migrated by a newer release (${unknown.join(', ')}): finish the upgrade.`;
    return { name: 'migrations', state: 'warning', sentence };
  } catch (error) {
    if (sqlState(error) === SQL_STATE.undefinedTable)
      return failed('migrations', 'The database is not migrated: run the migrate command.');
    if (sqlState(error) !== SQL_STATE.insufficientPrivilege) throw error;
    const sentence = "Only the database's owner may see them: set LOGURO_MIGRATE_DATABASE_URL.";
    return { name: 'migrations', state: 'skipped', sentence };
  }
}

async function connections(client: Client): Promise<Check> {
  const { used, most } = await one<{ used: number; most: number }>(
    client,
    "SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used, current_setting('max_connections')::int AS most",
  );
  const sentence = `${used} of ${most} connections are in use.`;
  if (used < most * 0.8) return ok('connections', sentence);
  return {
    name: 'connections',
    state: 'warning',
    sentence: `${sentence} Raise max_connections or run fewer processes.`,
  };
}

/** What stands in the tables. */
async function contents(url: string, secretKey: Buffer | null): Promise<Check[]> {
  const database = openDatabase({ url, poolSize: 1, connectTimeoutMs: 5000, statementTimeoutMs: 30_000 });
  try {
    const locked = secretKey === null ? null : await lockedSigningKeys(database, secretKey);
    const overdue = (await readRetention(database.pool)).filter((dataset) => dataset.overdue);
    return [secretCheck(locked), retentionCheck(overdue.map(({ dataset }) => dataset))];
  } finally {
    await database.close();
  }
}

function secretCheck(locked: string[] | null): Check {
  if (locked === null) return { name: 'secret key', state: 'skipped', sentence: 'LOGURO_SECRET_KEY is not set here.' };
  if (locked.length === 0) return ok('secret key', 'LOGURO_SECRET_KEY opens every signing key.');
  return failed(
    'secret key',
    `LOGURO_SECRET_KEY does not open the signing ${locked.length === 1 ? 'key' : 'keys'} ${locked.join(', ')}.`,
  );
}

function retentionCheck(overdue: number[]): Check {
  if (overdue.length === 0) return ok('retention', 'No dataset holds records past their retention.');
  const sentence = `Records are past their retention in the ${overdue.length === 1 ? 'dataset' : 'datasets'} ${overdue.join(', ')}: does a control plane run?`;
  return { name: 'retention', state: 'warning', sentence };
}

async function one<T extends object>(client: Client, sql: string): Promise<T> {
  const { rows } = await client.query<T>(sql);
  return rows[0] as T;
}

function ok(name: string, sentence: string): Check {
  return { name, state: 'ok', sentence };
}

function failed(name: string, sentence: string): Check {
  return { name, state: 'failed', sentence };
}
