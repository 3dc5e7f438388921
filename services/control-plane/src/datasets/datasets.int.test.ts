import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let tenant: Tenant;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const fresh = async () => {
  tenant = await api.tenant();
  return { as: tenant.owner, params: { projectSlug: tenant.project.slug } };
};
const create = async (options: Awaited<ReturnType<typeof fresh>>, name: string) =>
  (await api.call('createDataset', { ...options, body: { name }, expect: 201 })).body.dataset;

test('a dataset starts without a schema and is listed, read, edited and deleted', async () => {
  const options = await fresh();
  const created = await api.call('createDataset', { ...options, body: { name: 'Orders', description: 'All of them' } });
  expect(created.status).toBe(201);
  const { dataset } = created.body;
  expect(dataset).toMatchObject({
    name: 'Orders',
    slug: 'orders',
    description: 'All of them',
    isDefault: false,
    retentionDays: null,
    schema: null,
    status: 'pending_schema',
  });
  const one = { ...options, params: { ...options.params, datasetId: dataset.id } };
  expect((await api.call('readDataset', one)).body).toEqual({ dataset });
  expect((await api.call('listDatasets', options)).body).toEqual({ datasets: [dataset] });

  const { body } = await api.call('updateDataset', { ...one, body: { name: 'Purchases', description: null } });
  expect(body.dataset).toMatchObject({ id: dataset.id, name: 'Purchases', slug: 'orders', description: null });
  expect(body.dataset.updatedAt > dataset.updatedAt).toBe(true);

  await api.call('deleteDataset', { ...one, expect: 204 });
  expect((await api.call('readDataset', { ...one, expect: 404 })).body.error).toBe('Dataset not found');
  expect((await api.call('listDatasets', options)).body).toEqual({ datasets: [] });
});

test('a dataset comes with the credential, in one statement', async () => {
  const options = await fresh();
  const { id } = await create(options, 'Orders');
  const statements = jest.spyOn(api.database.pool, 'query');
  try {
    await api.call('readDataset', { ...options, params: { ...options.params, datasetId: id }, expect: 200 });
    expect(statements).toHaveBeenCalledTimes(1);
  } finally {
    statements.mockRestore();
  }
});

test('whether a dataset is there is told last: after membership, role, ids and what is wrong with the body', async () => {
  const options = await fresh();
  const stranger = (await api.tenant()).owner;
  const ask = async (as: typeof stranger | string, datasetId: string | number, body: object) =>
    (await api.call('queryDataset', { as, params: { ...options.params, datasetId }, body })).body.code;
  const missing = 2_147_483_647;
  expect(await ask('pat_wrong', missing, {})).toBe('invalid_credential');
  expect(await ask(stranger, missing, { limit: 'x' })).toBe('project_not_found');
  expect(await ask(options.as, 'orders', { limit: 'x' })).toBe('dataset_not_found');
  expect(await ask(options.as, missing, { limit: 'x' })).toBe('invalid_request');
  expect(await ask(options.as, missing, {})).toBe('dataset_not_found');
  expect((await api.call('queryDefaultDataset', { ...options, body: {} })).body.code).toBe('schema_not_found');
});

test('an id is never used again, not even after deletion', async () => {
  const options = await fresh();
  const first = await create(options, 'a');
  await api.call('deleteDataset', { ...options, params: { ...options.params, datasetId: first.id }, expect: 204 });
  expect((await create(options, 'a')).id).toBeGreaterThan(first.id);
});

test.each([
  'listDatasets',
  'readDataset',
  'readSchema',
  'updateDataset',
  'deleteDataset',
  'registerSchema',
  'queryDataset',
  'tailDataset',
] as const)('%s does not reach a dataset of another project', async (operation) => {
  const foreign = await fresh();
  const dataset = await create(foreign, 'secret');
  const options = await fresh();
  const body = {
    updateDataset: { name: 'x' },
    registerSchema: { a: 'string' },
    queryDataset: {},
  }[operation as string];
  const response = await api.call(operation, {
    ...options,
    params: { ...options.params, datasetId: dataset.id },
    body,
  });
  if (operation === 'listDatasets') expect(response.body).toEqual({ datasets: [] });
  else {
    expect(response.status).toBe(404);
    expect(response.body).toMatchObject({ error: 'Dataset not found', code: 'dataset_not_found' });
  }
});

test.each(['0', '-1', '1.5', '1e3', '0x1', '2147483648', '99999999999999999999', 'abc', '01', '%31%30abc', '1%00'])(
  'the dataset id %j is a dataset that does not exist',
  async (datasetId) => {
    const options = await fresh();
    for (const operation of ['readDataset', 'readSchema', 'deleteDataset'] as const) {
      const { status, body } = await api.call(operation, { ...options, params: { ...options.params, datasetId } });
      expect({ status, error: body.error }).toEqual({ status: 404, error: 'Dataset not found' });
    }
  },
);

describe('slugs', () => {
  test('are unique in the project, counting up, and free again in another project', async () => {
    const options = await fresh();
    expect((await create(options, 'My Orders')).slug).toBe('my-orders');
    expect((await create(options, 'My orders!')).slug).toBe('my-orders-2');
    expect((await create(options, 'my-orders')).slug).toBe('my-orders-3');
    expect((await create(await fresh(), 'My Orders')).slug).toBe('my-orders');
  });

  test.each(['订单', '---', '🦄🦄', '٣', "'; DROP TABLE datasets; --"])('exist for the name %j', async (name) => {
    const { slug } = await create(await fresh(), name);
    expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test('of datasets created at once with one name all differ', async () => {
    const options = await fresh();
    const made = await Promise.all(Array.from({ length: 8 }, () => create(options, 'Race')));
    const expected = ['race', ...Array.from({ length: 7 }, (_, i) => `race-${i + 2}`)];
    expect(made.map(({ slug }) => slug).sort()).toEqual(expected);
  });
});

test.each([
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: '   ' }, 'name'],
  [{ name: 'a\nb' }, 'name'],
  [{ name: 'x'.repeat(201) }, 'name'],
  [{ name: 1 }, 'name'],
  [{ name: 'a', description: 1 }, 'description'],
  [{ name: 'a', extra: true }, 'extra'],
  [JSON.parse('{"name":"a","__proto__":{"isDefault":true}}'), '__proto__'],
  [{ name: 'a\u0000b' }, 'name'],
  [{ name: 'a\ud800' }, 'name'],
])('the body %j is refused, naming %s', async (body, path) => {
  const { status, body: answer } = await api.call('createDataset', { ...(await fresh()), body });
  expect(status).toBe(400);
  expect(answer.code).toBe('invalid_request');
  expect(answer.details.map((detail: { path: string }) => detail.path)).toContain(path);
});

test('an edit without anything to edit is refused', async () => {
  const options = await fresh();
  const { id } = await create(options, 'a');
  await api.call('updateDataset', { ...options, params: { ...options.params, datasetId: id }, body: {}, expect: 400 });
});

test('how long records are kept can be set, changed and taken back', async () => {
  const project = await fresh();
  const { id } = await create(project, 'Kept for a while');
  const options = { ...project, params: { ...project.params, datasetId: id } };
  const set = (retentionDays: unknown, status: number) =>
    api.call('updateDataset', { ...options, body: { retentionDays }, expect: status });
  expect((await set(30, 200)).body.dataset.retentionDays).toBe(30);
  expect((await api.call('readDataset', options)).body.dataset.retentionDays).toBe(30);
  for (const bad of [0, -1, 1.5, '30', 36_501]) await set(bad, 400);
  expect((await set(null, 200)).body.dataset.retentionDays).toBeNull();
});
