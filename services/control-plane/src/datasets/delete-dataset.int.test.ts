import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { Client } from 'pg';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let ingest: Client;
let owner: Client;
beforeAll(async () => {
  api = await startTestApi();
  ingest = new Client({ connectionString: api.databases.ingestUrl });
  owner = new Client({ connectionString: api.databases.ownerUrl });
  await Promise.all([ingest.connect(), owner.connect()]);
});
afterAll(async () => {
  await Promise.all([ingest.end(), owner.end()]);
  await api.stop();
});

const tables = async () =>
  (
    await owner.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'records'`)
  ).rows.map(({ name }) => name);
const insert = (id: number) =>
  `INSERT INTO records.dataset_${id} ("timestamp", "context", "__traceId", "a") VALUES (now(), '{}', 't', 'x')`;
const callOn = (tenant: Tenant, datasetId: number) => ({
  as: tenant.owner,
  params: { projectSlug: tenant.project.slug, datasetId },
});

test('deleting a dataset drops its records with it', async () => {
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant, { a: 'string' });
  await ingest.query(insert(id));
  await api.call('deleteDataset', { ...callOn(tenant, id), expect: 204 });
  expect(await tables()).not.toContain(`dataset_${id}`);
  await api.call('deleteDataset', { ...callOn(tenant, id), expect: 404 });
});

test('a delete waits for a writer that has the table, and lets other writers through meanwhile', async () => {
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant, { a: 'string' });
  const other = new Client({ connectionString: api.databases.ingestUrl });
  await other.connect();
  try {
    await ingest.query('BEGIN');
    await ingest.query(insert(id));
    const deleting = api.call('deleteDataset', callOn(tenant, id));
    const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'records.dataset_${id}'::regclass AND NOT granted`;
    await waitFor(async () => (await owner.query(waiting)).rowCount, { timeoutMs: 5000, what: 'the DROP to wait' });
    // Queued behind the waiting DROP, this gets through when the DROP steps aside.
    await other.query(insert(id));
    await ingest.query('COMMIT');
    expect((await deleting).status).toBe(204);
    expect(await tables()).not.toContain(`dataset_${id}`);
  } finally {
    await other.end();
  }
});

test('a delete that never gets the table is 503 and changes nothing', async () => {
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant, { a: 'string' });
  await ingest.query('BEGIN');
  await ingest.query(insert(id));
  try {
    const { status, body, headers } = await api.call('deleteDataset', callOn(tenant, id));
    expect({ status, code: body.code, retry: headers['retry-after'] }).toEqual({
      status: 503,
      code: 'unavailable',
      retry: '1',
    });
  } finally {
    await ingest.query('COMMIT');
  }
  await api.call('readDataset', { ...callOn(tenant, id), expect: 200 });
  expect(await tables()).toContain(`dataset_${id}`);
}, 60_000);

test('a delete waits some seconds for queries, then ends them, and those alone', async () => {
  const tenant = await api.tenant();
  const [{ id }, other] = [await api.dataset(tenant, { a: 'string' }), await api.dataset(tenant, { a: 'string' })];
  const readers = [0, 1].map(() => new Client({ connectionString: api.databases.queryUrl }));
  await Promise.all(readers.map((reader) => reader.connect()));
  try {
    const read = (datasetId: number) =>
      `SELECT pg_sleep(30) FROM (SELECT count(*) FROM records.dataset_${datasetId}) AS n`;
    const ended = expect(readers[0]?.query(read(id))).rejects.toMatchObject({ code: '57014' });
    const spared = readers[1]?.query(read(other.id)).catch((error: Error) => error.message);
    const reading = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'`;
    await waitFor(async () => (await owner.query(reading)).rowCount === 2, { timeoutMs: 5000, what: 'two readers' });
    await api.call('deleteDataset', { ...callOn(tenant, id), expect: 204 });
    await ended;
    expect((await owner.query(reading)).rowCount).toBe(1);
    await owner.query(`SELECT pg_cancel_backend(pid) FROM (${reading.replace('SELECT 1', 'SELECT pid')}) AS r`);
    expect(await spared).toMatch(/cancel/);
  } finally {
    await Promise.allSettled(readers.map((reader) => reader.end()));
  }
}, 60_000);

test('deletes of one dataset at the same time: one deletes, the others find nothing', async () => {
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant, { a: 'string' });
  const answers = await Promise.all(Array.from({ length: 5 }, () => api.call('deleteDataset', callOn(tenant, id))));
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
});

test('a delete and a registration at the same time leave no table without a dataset', async () => {
  for (let round = 0; round < 5; round++) {
    const tenant = await api.tenant();
    const { id } = await api.dataset(tenant);
    const [deleted] = await Promise.all([
      api.call('deleteDataset', callOn(tenant, id)),
      api.call('registerSchema', { ...callOn(tenant, id), body: { a: 'string' } }),
    ]);
    expect(deleted.status).toBe(204);
    expect(await tables()).not.toContain(`dataset_${id}`);
  }
});

test('deleting a project drops the tables of all its datasets, however many', async () => {
  const tenant = await api.tenant();
  const ids: number[] = [];
  for (let i = 0; i < 53; i++) ids.push((await api.dataset(tenant, { a: 'string' })).id);
  const neighbour = await api.tenant();
  const kept = await api.dataset(neighbour, { a: 'string' });
  await api.call('deleteProject', { ...callOn(tenant, 1), expect: 204 });
  const left = await tables();
  expect(left.filter((name) => ids.some((id) => name === `dataset_${id}`))).toEqual([]);
  expect(left).toContain(`dataset_${kept.id}`);
  await api.call('readProject', { ...callOn(tenant, 1), expect: 404 });
}, 60_000);
