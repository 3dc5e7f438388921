import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let tenant: Tenant;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant();
});
afterAll(() => api.stop());

const at = (params: Record<string, string | number> = {}) => ({
  as: tenant.owner,
  params: { projectSlug: tenant.project.slug, ...params },
});
interface Event {
  id: number;
  action: string;
  actor: { accountId: number; email: string; tokenId: number };
  requestId: string;
  address: string;
}
const events = async (query = ''): Promise<{ events: Event[]; nextBefore: number | null }> =>
  (await api.call('listAudit', { ...at(), query, expect: 200 })).body;

test('every change of a project is in its log, with who, from where and in which request', async () => {
  const { body: dataset } = await api.call('createDataset', { ...at(), body: { name: 'a' }, expect: 201 });
  const datasetId = dataset.dataset.id;
  await api.call('updateDataset', { ...at({ datasetId }), body: { name: 'b' }, expect: 200 });
  await api.call('registerSchema', { ...at({ datasetId }), body: { x: 'string' }, expect: 201 });
  await api.call('deleteDataset', { ...at({ datasetId }), expect: 204 });
  const { body: key } = await api.call('createKey', { ...at(), body: { name: 'k' }, expect: 201 });
  await api.call('updateKey', { ...at({ keyId: key.key.id }), body: { name: 'l' }, expect: 200 });
  await api.call('rotateKey', { ...at({ keyId: key.key.id }), body: {}, expect: 201 });
  const someone = await api.member(tenant, 'viewer');
  await api.call('updateMember', { ...at({ accountId: someone.id }), body: { role: 'editor' }, expect: 200 });
  await api.call('removeMember', { ...at({ accountId: someone.id }), expect: 204 });
  const headers = { 'X-Request-Id': 'the-request', 'X-Forwarded-For': '203.0.113.7' };
  await api.call('updateProject', { ...at(), headers, body: { name: 'Renamed' }, expect: 200 });

  const log = (await events()).events;
  expect(log.map(({ action }) => action)).toEqual([
    'project.update',
    'member.remove',
    'member.update',
    'member.add',
    'key.rotate',
    'key.create',
    'key.update',
    'key.create',
    'dataset.delete',
    'dataset.register_schema',
    'dataset.update',
    'dataset.create',
    'project.create',
  ]);
  expect(log[0]).toMatchObject({
    actor: { accountId: tenant.owner.id, email: tenant.owner.email, tokenId: tenant.owner.tokenId },
    target: { type: 'project', id: String(tenant.project.id) },
    requestId: 'the-request',
    address: '203.0.113.7',
    details: { after: { name: 'Renamed' } },
  });
});

test('a change that fails, and a read, leave no entry', async () => {
  const before = (await events()).events.length;
  await api.call('createDataset', { ...at(), body: {}, expect: 400 });
  await api.call('deleteDataset', { ...at({ datasetId: 999999 }), expect: 404 });
  await api.call('listDatasets', at());
  expect((await events()).events).toHaveLength(before);
});

test('pages follow each other without gap or overlap', async () => {
  const all = (await events('?limit=200')).events.map(({ id }) => id);
  const paged: number[] = [];
  let query = '?limit=3';
  for (let pages = 0; pages < 50; pages++) {
    const page = await events(query);
    paged.push(...page.events.map(({ id }) => id));
    if (page.nextBefore === null) break;
    query = `?limit=3&before=${page.nextBefore}`;
  }
  expect(paged).toEqual(all);
});

test.each([
  '?limit=0',
  '?limit=201',
  '?limit=x',
  '?limit=1&limit=2',
  '?before=0',
  '?page=2',
  '?limit=',
  '?__proto__=1',
])('the query string %s is refused', async (query) => {
  const { body } = await api.call('listAudit', { ...at(), query, expect: 400 });
  expect(body.code).toBe('invalid_request');
});

test('the log is of this project alone', async () => {
  const other = await api.tenant();
  const params = { projectSlug: other.project.slug };
  const { body } = await api.call('listAudit', { as: other.owner, params, expect: 200 });
  expect(body.events.map(({ action }: Event) => action)).toEqual(['project.create']);
});

test("the service's own role can neither change nor delete what is in the log", async () => {
  const client = new Client({ connectionString: api.databases.controlUrl });
  await client.connect();
  try {
    for (const sql of [
      `UPDATE audit_events SET action = 'x'`,
      'DELETE FROM audit_events',
      'TRUNCATE audit_events',
      'DROP TABLE audit_events',
      'ALTER TABLE audit_events DISABLE TRIGGER ALL',
    ]) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  } finally {
    await client.end();
  }
});
