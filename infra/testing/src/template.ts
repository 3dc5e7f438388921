import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withClient, withUrl } from '@loguro/servers';

/** The migrated database that every test database is a copy of. */
export const TEMPLATE = 'loguro_template';

const ADMIN_COMMAND = fileURLToPath(new URL('../../../services/control-plane/dist/admin/main.js', import.meta.url));

/**
 * Creates {@link TEMPLATE}, with the roles, on a fresh server, by the command that operators run. In tests
 * each role's password is its name.
 *
 * @throws Error with the command's own words
 */
export async function createTemplate(superuserUrl: string): Promise<void> {
  await withClient(superuserUrl, (client) => client.query(`CREATE DATABASE "${TEMPLATE}"`));
  await promisify(execFile)(process.execPath, [ADMIN_COMMAND, 'migrate'], {
    env: {
      LOGURO_MIGRATE_DATABASE_URL: withUrl(superuserUrl, { database: TEMPLATE }),
      LOGURO_CONTROL_PASSWORD: 'loguro_control',
      LOGURO_QUERY_PASSWORD: 'loguro_query',
      LOGURO_INGEST_PASSWORD: 'loguro_ingest',
    },
    timeout: 60_000,
  });
}

/**
 * A copy of the template. PostgreSQL does not copy who may connect, so that is done here.
 */
export async function cloneTemplate(superuserUrl: string, name: string): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    await client.query(`CREATE DATABASE "${name}" TEMPLATE "${TEMPLATE}"`);
    const { rows } = await client.query<{ statement: string }>(
      `SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, $2::text,
                     CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(grantee::regrole::text) END) AS statement
         FROM pg_database, aclexplode(datacl) WHERE datname = $1`,
      [TEMPLATE, name],
    );
    await client.query([`REVOKE ALL ON DATABASE "${name}" FROM PUBLIC`, ...rows.map((row) => row.statement)].join(';'));
  });
}
