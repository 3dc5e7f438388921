import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
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
  ['control', 'CREATE TABLE records.dataset_0 ()'],
  ['control', 'DROP TABLE $records'],
  ['query', 'SELECT * FROM $records'],
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
  ['ingest', 'UPDATE ingest.committed_chunks SET records = 0'],
  ['ingest', 'SELECT line FROM ingest.dead_letters'],
  ['ingest', 'DELETE FROM ingest.dead_letters'],
  ['ingest', 'DELETE FROM queue.migration'],
  ['ingest', 'CREATE TABLE queue.x ()'],
  ['ingest', 'DROP TABLE queue.job'],
];

describe('least privilege', () => {
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
