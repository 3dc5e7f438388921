import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { scramVerifier } from './scram.js';
import { SQL_STATE, sqlState } from './sql-state.js';

/** The login roles of the services. Fixed names: migrations grant to them. */
export const ROLES = {
  control: 'loguro_control',
  query: 'loguro_query',
  ingest: 'loguro_ingest',
} as const;

/** A password for each login role. */
export type RolePasswords = Record<keyof typeof ROLES, string>;

/** Attributes that would make a login role more than a service may be. */
const POWERS = ['rolsuper', 'rolcreaterole', 'rolcreatedb', 'rolreplication', 'rolbypassrls'] as const;

/** What the temporary files of one process of a query may take; the database's own default is the whole disk. */
const QUERY_TEMPORARY_FILES = '4GB';

/** A role that exists with more power than a service may have. */
export class RoleError extends Error {}

/**
 * Creates the login roles, or gives those that exist the passwords passed in. Roles belong to the whole
 * cluster while advisory locks belong to one database, so two migrations of two databases can meet here:
 * whatever one loses to the other is tried again.
 *
 * @throws RoleError when a role of that name is a superuser or the like
 */
export async function ensureRoles(client: Client, passwords: RolePasswords): Promise<void> {
  for (const key of Object.keys(ROLES) as (keyof typeof ROLES)[]) {
    await retryConcurrentChange(() => ensureRole(client, ROLES[key], scramVerifier(passwords[key])));
  }
  await retryConcurrentChange(() => boundTemporaryFiles(client));
}

/**
 * Sorts and hash tables that outgrow their memory go to the disk that records are stored on. A limit that an operator
 * has set stays. Only a superuser may set one, or who was granted SET on it: where the owner may not, there is none.
 */
async function boundTemporaryFiles(client: Client): Promise<void> {
  const { rows } = await client.query<{ limited: boolean }>(
    `SELECT coalesce(array_to_string(rolconfig, ' '), '') LIKE '%temp_file_limit=%' AS limited
       FROM pg_roles WHERE rolname = $1`,
    [ROLES.query],
  );
  if (rows[0]?.limited) return;
  const set = `ALTER ROLE ${escapeIdentifier(ROLES.query)} SET temp_file_limit = '${QUERY_TEMPORARY_FILES}'`;
  await client.query(set).catch((error: unknown) => {
    if (sqlState(error) !== SQL_STATE.insufficientPrivilege) throw error;
  });
}

/** Lets the three roles, and besides the owner nobody else, connect to the current database. */
export async function grantConnect(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = escapeIdentifier((rows[0] as { name: string }).name);
  const roles = Object.values(ROLES).map(escapeIdentifier).join(', ');
  await retryConcurrentChange(async () => {
    await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${roles}`);
    // BullMQ's PostgreSQL backend gathers a bulk insert in a temporary table.
    await client.query(`GRANT TEMPORARY ON DATABASE ${database} TO ${escapeIdentifier(ROLES.ingest)}`);
  });
}

async function ensureRole(client: Client, name: string, verifier: string): Promise<void> {
  const role = escapeIdentifier(name);
  const existing = await client.query<Record<string, boolean>>(
    `SELECT ${POWERS.join(', ')} FROM pg_roles WHERE rolname = $1`,
    [name],
  );
  const [attributes] = existing.rows;
  if (attributes === undefined) {
    await client.query(`CREATE ROLE ${role} LOGIN NOINHERIT PASSWORD ${escapeLiteral(verifier)}`);
    return;
  }
  const powers = POWERS.filter((power) => attributes[power]);
  if (powers.length > 0) {
    throw new RoleError(
      `The role "${name}" exists with ${powers.join(', ')}. A service's role must have none of these: drop it, or take them away with ALTER ROLE.`,
    );
  }
  await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${escapeLiteral(verifier)}`);
}

/** Catalogue rows changed by another session: the same statement succeeds once that session is done. */
const CONCURRENT_CHANGE: readonly (string | null)[] = [
  SQL_STATE.duplicateObject,
  SQL_STATE.uniqueViolation,
  SQL_STATE.internalError, // "tuple concurrently updated" has no code of its own
  SQL_STATE.deadlockDetected,
];

async function retryConcurrentChange(change: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (attempt === 20 || !CONCURRENT_CHANGE.includes(sqlState(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
    }
  }
}
