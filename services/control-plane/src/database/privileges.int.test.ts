import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { documentedMatrix, grantMatrix } from '../testing/grant-matrix.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

const ROLES = ['control', 'query', 'ingest'] as const;
type RoleKey = (typeof ROLES)[number];

let api: TestApi;
let datasetId: number;
const clients = new Map<RoleKey, Client>();

beforeAll(async () => {
  api = await startTestApi();
  datasetId = (await api.dataset(await api.tenant(), { a: 'string' })).id;
  for (const role of ROLES) {
    const client = new Client({ connectionString: api.databases[`${role}Url`] });
    await client.connect();
    clients.set(role, client);
  }
});
afterAll(async () => {
  for (const client of clients.values()) await client.end();
  await api.stop();
});

async function withOwner<T>(run: (owner: Client) => Promise<T>): Promise<T> {
  const owner = new Client({ connectionString: api.databases.ownerUrl });
  await owner.connect();
  try {
    return await run(owner);
  } finally {
    await owner.end();
  }
}

/** Runs statements as a role, in a transaction that is undone. */
async function attempt(role: RoleKey, sql: string): Promise<void> {
  const client = clients.get(role) as Client;
  await client.query('BEGIN');
  try {
    await client.query(sql.replaceAll('$records', `records.dataset_${datasetId}`));
  } finally {
    await client.query('ROLLBACK');
  }
}

const INSERT_RECORD = `INSERT INTO $records ("timestamp", "context", "__traceId", "a") VALUES (now(), '{}', 't', 'x')`;
const INSERT_CHUNK = `INSERT INTO ingest.committed_chunks (chunk_id, dataset_id, records) VALUES (gen_random_uuid(), 1, 1)`;

const MAY: [RoleKey, string][] = [
  ['control', 'SELECT * FROM personal_access_tokens'],
  ['control', 'DELETE FROM projects'],
  ['control', 'SELECT private_key FROM signing_keys'],
  ['control', `INSERT INTO audit_events (action, target_type, target_id) VALUES ('a', 'b', 'c')`],
  ['control', 'SELECT * FROM ingest.key_uses'],
  ['control', 'CREATE TABLE records.dataset_0 ()'],
  ['control', 'DROP TABLE $records'],
  ['query', 'SELECT * FROM $records'],
  ['query', 'SELECT * FROM ingest.arrivals'],
  ['ingest', INSERT_RECORD],
  ['ingest', INSERT_CHUNK],
  ['ingest', 'SELECT * FROM ingest.committed_chunks'],
  [
    'ingest',
    `INSERT INTO ingest.dead_letters (chunk_id, dataset_id, line, sqlstate, reason) VALUES (gen_random_uuid(), 1, '', '', '')`,
  ],
  ['ingest', 'SELECT * FROM ingest.project_keys'],
  ['ingest', 'SELECT * FROM ingest.datasets'],
  ['ingest', 'SELECT kid, public_key, created_at, retired_at FROM signing_keys'],
  ['ingest', 'UPDATE ingest.key_uses SET last_used_at = now() WHERE key_id = 1'],
  ['ingest', 'SELECT * FROM queue.job'],
  ['ingest', 'CREATE TEMP TABLE t ()'],
  ['ingest', 'SELECT queue.next_job_id($$ingest$$)'],
];

const MAY_NOT: [RoleKey, string][] = [
  // The control plane's own role owns neither the schema nor its history.
  ['control', 'UPDATE audit_events SET action = $$x$$'],
  ['control', 'DELETE FROM audit_events'],
  ['control', 'TRUNCATE audit_events'],
  ['control', 'ALTER TABLE audit_events DISABLE TRIGGER ALL'],
  ['control', 'CREATE RULE forget AS ON INSERT TO audit_events DO INSTEAD NOTHING'],
  ['control', 'DELETE FROM signing_keys'],
  ['control', 'ALTER TABLE accounts ADD COLUMN x text'],
  ['control', 'DROP TABLE accounts'],
  ['control', 'SELECT * FROM _prisma_migrations'],
  ['control', 'SELECT * FROM ingest.dead_letters'],
  ['control', 'DELETE FROM ingest.committed_chunks'],
  ['control', 'UPDATE ingest.key_uses SET last_used_at = null'],
  ['control', 'DELETE FROM ingest.key_uses'],
  ['control', 'SELECT * FROM ingest.project_keys'],
  ['control', 'SELECT * FROM queue.job'],
  ['control', 'CREATE TABLE public.x ()'],
  ['control', 'CREATE TEMP TABLE x ()'],
  ['control', 'CREATE ROLE x'],
  // The query role reads records, and nothing else.
  ['query', INSERT_RECORD],
  ['query', 'UPDATE $records SET a = $$x$$'],
  ['query', 'DELETE FROM $records'],
  ['query', 'TRUNCATE $records'],
  ['query', 'DROP TABLE $records'],
  ['query', 'SELECT * FROM public.accounts'],
  ['query', 'SELECT * FROM public.personal_access_tokens'],
  ['query', 'SELECT * FROM public.datasets'],
  ['query', 'SELECT * FROM public.signing_keys'],
  ['query', 'SELECT * FROM public.audit_events'],
  ['query', `INSERT INTO public.audit_events (action, target_type, target_id) VALUES ('a', 'b', 'c')`],
  ['query', 'DELETE FROM public.audit_events'],
  ['query', 'SELECT * FROM ingest.project_keys'],
  ['query', 'SELECT * FROM ingest.dead_letters'],
  ['query', 'SELECT * FROM ingest.key_uses'],
  ['query', 'SELECT * FROM ingest.committed_chunks'],
  ['query', 'UPDATE ingest.arrivals SET records = 0'],
  ['query', 'SELECT * FROM ingest.idempotency_keys'],
  ['query', 'SELECT * FROM ingest.datasets'],
  ['query', 'SELECT * FROM queue.job'],
  ['query', 'CREATE TABLE records.x ()'],
  ['query', 'CREATE TEMP TABLE x ()'],
  // Ingest appends, and learns nothing.
  ['ingest', 'SELECT * FROM $records'],
  ['ingest', 'SELECT count(*) FROM $records'],
  ['ingest', `${INSERT_RECORD} RETURNING a`],
  ['ingest', 'UPDATE $records SET a = $$x$$'],
  ['ingest', 'DELETE FROM $records'],
  ['ingest', 'TRUNCATE $records'],
  ['ingest', 'DROP TABLE $records'],
  ['ingest', 'CREATE TABLE records.x ()'],
  ['ingest', 'SELECT * FROM public.accounts'],
  ['ingest', 'SELECT * FROM public.personal_access_tokens'],
  ['ingest', 'SELECT hash FROM public.personal_access_tokens'],
  ['ingest', 'SELECT * FROM public.projects'],
  ['ingest', 'SELECT * FROM public.project_members'],
  ['ingest', 'SELECT * FROM public.project_keys'],
  ['ingest', 'SELECT * FROM public.datasets'],
  ['ingest', 'SELECT * FROM public.audit_events'],
  ['ingest', `INSERT INTO public.audit_events (action, target_type, target_id) VALUES ('a', 'b', 'c')`],
  ['ingest', 'UPDATE public.audit_events SET action = $$x$$'],
  ['ingest', 'DELETE FROM public.audit_events'],
  ['ingest', 'SELECT private_key FROM public.signing_keys'],
  ['ingest', 'SELECT * FROM public.signing_keys'],
  ['ingest', `INSERT INTO signing_keys (kid, public_key, private_key) VALUES ('x', 'x', '')`],
  ['ingest', `INSERT INTO project_keys (project_id, name, kind, signing_kid) VALUES (1, 'x', 'server', 'x')`],
  ['ingest', 'UPDATE ingest.project_keys SET expires_at = null'],
  ['ingest', 'UPDATE ingest.datasets SET fields = null'],
  ['ingest', 'INSERT INTO ingest.key_uses (key_id) VALUES (1)'],
  ['ingest', 'UPDATE ingest.key_uses SET key_id = 2'],
  ['ingest', 'DELETE FROM ingest.key_uses'],
  ['ingest', 'UPDATE ingest.committed_chunks SET records = 0'],
  ['ingest', 'SELECT line FROM ingest.dead_letters'],
  ['ingest', 'SELECT reason FROM ingest.dead_letters'],
  ['ingest', 'DELETE FROM ingest.dead_letters'],
  ['ingest', 'DELETE FROM queue.migration'],
  ['ingest', 'CREATE TABLE queue.x ()'],
  ['ingest', 'DROP TABLE queue.job'],
];

/** What no role may, because it would lead out of the database or past its grants. */
const NOBODY_MAY = [
  ...['public', 'ingest', 'queue', 'pg_catalog'].map((schema) => `CREATE TABLE ${schema}.x ()`),
  ...['public', 'ingest', 'queue'].map(
    (schema) => `CREATE FUNCTION ${schema}.x() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  ),
  'CREATE SCHEMA x',
  'CREATE EXTENSION pgcrypto SCHEMA records',
  'CREATE PUBLICATION x FOR ALL TABLES',
  'CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION ingest.announce_dataset()',
  'CREATE ROLE x',
  'SET ROLE postgres',
  'SET SESSION AUTHORIZATION postgres',
  ...ROLES.map((role) => `GRANT loguro_${role} TO CURRENT_USER`),
  'GRANT pg_read_all_data TO CURRENT_USER',
  'ALTER ROLE CURRENT_USER SUPERUSER',
  'ALTER ROLE CURRENT_USER BYPASSRLS',
  "ALTER ROLE postgres PASSWORD 'x'",
  // Would keep triggers, foreign keys among them, from firing.
  'SET session_replication_role = replica',
  "SELECT pg_read_file('/etc/passwd')",
  "SELECT pg_read_binary_file('PG_VERSION')",
  "SELECT pg_ls_dir('.')",
  "SELECT lo_import('/etc/passwd')",
  "COPY (SELECT 1) TO '/dev/null'",
  "COPY (SELECT 1) TO PROGRAM 'cat'",
  'SELECT * FROM pg_authid',
  'SELECT * FROM pg_shadow',
  'SELECT rolpassword FROM pg_authid',
  'SELECT pg_reload_conf()',
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
];

describe('least privilege', () => {
  test('each role has the grants that docs/privileges.md lists, and no other', async () => {
    expect(await withOwner(grantMatrix)).toEqual(documentedMatrix());
  });

  test('there are no grants on objects of other kinds, none to come by default, none that can be passed on', async () => {
    const { rows } = await withOwner((owner) =>
      owner.query(
        `SELECT DISTINCT classid::regclass::text AS catalogue, deptype::text AS how
           FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = ANY ($1::regrole[]::oid[])
            AND (dbid = 0 AND objid = (SELECT oid FROM pg_database WHERE datname = current_database())
                 OR dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
          ORDER BY 1, 2`,
        [ROLES.map((role) => `loguro_${role}`)],
      ),
    );
    // o: owns, a: has a grant on. pg_statistic_ext: of the record tables, which the control plane owns.
    expect(rows.map(({ catalogue, how }) => `${how} ${catalogue}`)).toEqual([
      'a pg_class',
      'o pg_class',
      'a pg_database',
      'a pg_namespace',
      'o pg_statistic_ext',
    ]);
    const { rows: grantable } = await withOwner((owner) =>
      owner.query(
        `SELECT c.oid::regclass FROM pg_class AS c, aclexplode(relacl) AS acl
          WHERE is_grantable AND acl.grantee <> relowner
          UNION ALL SELECT attrelid::regclass FROM pg_attribute, aclexplode(attacl) WHERE is_grantable`,
      ),
    );
    expect(grantable).toEqual([]);
  });

  test('no function runs with the rights of whoever made it', async () => {
    const { rows } = await withOwner((owner) =>
      owner.query(`SELECT oid::regprocedure FROM pg_proc WHERE prosecdef AND pronamespace::regnamespace::text
                      NOT IN ('pg_catalog', 'information_schema')`),
    );
    expect(rows).toEqual([]);
  });

  describe.each(ROLES)('the role %s may not lead out of its grants', (role) => {
    test.each(NOBODY_MAY)('%s', async (sql) => {
      await expect(attempt(role, sql)).rejects.toMatchObject({ code: '42501' });
    });

    test('ALTER SYSTEM', async () => {
      const client = clients.get(role) as Client;
      await expect(client.query('ALTER SYSTEM SET log_statement = $$all$$')).rejects.toMatchObject({ code: '42501' });
    });
  });

  test.each(MAY)('the role %s may: %s', (role, sql) => attempt(role, sql));

  test.each(MAY_NOT)('the role %s may not: %s', async (role, sql) => {
    await expect(attempt(role, sql)).rejects.toMatchObject({ code: '42501' });
  });

  test.each(ROLES)('the role %s has no right that is not accounted for', async (role) => {
    const client = clients.get(role) as Client;
    const { rows } = await client.query(
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
              (SELECT count(*)::int FROM pg_auth_members WHERE member = r.oid) AS memberships
       FROM pg_roles r WHERE rolname = current_user`,
    );
    expect(rows).toEqual([
      {
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolreplication: false,
        rolbypassrls: false,
        memberships: 0,
      },
    ]);
  });
});
