import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let owner: Client;
beforeAll(async () => {
  api = await startTestApi();
  owner = new Client({ connectionString: api.databases.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await api.stop();
});

async function fresh() {
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant);
  return { as: tenant.owner, params: { projectSlug: tenant.project.slug, datasetId: id } };
}
const FIELDS = { country: 'string', amount: 'number', active: 'boolean?', signup_at: 'timestamp?' };

const columnsOf = async (datasetId: number) =>
  (
    await owner.query(
      `SELECT column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable, collation_name AS collation
       FROM information_schema.columns WHERE table_schema = 'records' AND table_name = $1 ORDER BY ordinal_position`,
      [`dataset_${datasetId}`],
    )
  ).rows;

test('a schema is registered once, the same again changes nothing, another one is a conflict', async () => {
  const options = await fresh();
  const first = await api.call('registerSchema', { ...options, body: { fields: FIELDS }, expect: 201 });
  expect(first.body.schema).toEqual({ version: 1, fields: FIELDS });
  expect(first.body.dataset).toMatchObject({ status: 'active', schema: { version: 1, fields: FIELDS } });

  const reordered = Object.fromEntries(Object.entries(FIELDS).reverse());
  const again = await api.call('registerSchema', { ...options, body: reordered, expect: 200 });
  expect(again.body).toEqual(first.body);
  expect(Object.keys(again.body.schema.fields)).toEqual(Object.keys(FIELDS));

  for (const fields of [{ ...FIELDS, more: 'string' }, { country: 'string' }, { ...FIELDS, amount: 'number?' }]) {
    const { body } = await api.call('registerSchema', { ...options, body: { fields }, expect: 409 });
    expect(body.code).toBe('schema_conflict');
  }
  expect((await api.call('readSchema', { ...options, expect: 200 })).body).toEqual({
    schema: { version: 1, fields: FIELDS },
  });
});

test('the fields come back in the order of registration', async () => {
  const options = await fresh();
  const names = ['zeta', 'alpha', 'mid', 'B', 'a'];
  const fields = Object.fromEntries(names.map((name) => [name, 'string']));
  await api.call('registerSchema', { ...options, body: fields, expect: 201 });
  const { body } = await api.call('readSchema', options);
  expect(Object.keys(body.schema.fields)).toEqual(names);
});

test('registering creates one typed table, columns of fixed width first', async () => {
  const options = await fresh();
  await api.call('registerSchema', { ...options, body: FIELDS, expect: 201 });
  expect(await columnsOf(options.params.datasetId)).toEqual([
    { name: 'timestamp', type: 'timestamp with time zone', nullable: false, collation: null },
    { name: 'amount', type: 'double precision', nullable: false, collation: null },
    { name: 'signup_at', type: 'timestamp with time zone', nullable: true, collation: null },
    { name: 'active', type: 'boolean', nullable: true, collation: null },
    { name: 'country', type: 'text', nullable: false, collation: 'C' },
    { name: '__traceId', type: 'text', nullable: false, collation: 'C' },
    { name: 'context', type: 'json', nullable: false, collation: null },
  ]);
});

test('a schema that can not be stored leaves no table behind', async () => {
  const options = await fresh();
  await api.call('registerSchema', { ...options, body: { fields: { 'a b': 'string' } }, expect: 400 });
  expect(await columnsOf(options.params.datasetId)).toEqual([]);
  expect((await api.call('readSchema', { ...options, expect: 404 })).body.error).toBe('Dataset schema not found');
});

test.each([
  'select',
  'user',
  'table',
  'constructor',
  'toString',
  'hasOwnProperty',
  'oid',
  'XMIN',
  'fields',
  'a'.repeat(63),
])('a field may be called %s', async (name) => {
  const options = await fresh();
  await api.call('registerSchema', { ...options, body: { fields: { [name]: 'string' } }, expect: 201 });
  expect((await api.call('readSchema', options)).body.schema.fields).toEqual({ [name]: 'string' });
  expect((await columnsOf(options.params.datasetId)).map((column) => column.name)).toContain(name);
});

test('the largest schema is accepted', async () => {
  const options = await fresh();
  const fields = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}${'x'.repeat(55)}`, 'string?']));
  await api.call('registerSchema', { ...options, body: { fields }, expect: 201 });
});

test.each([
  [{}, ''],
  [{ fields: {} }, ''],
  [{ timestamp: 'timestamp' }, 'timestamp'],
  [{ Context: 'string' }, 'Context'],
  [{ a: 'text' }, 'a'],
  [{ a: 'string', A: 'string' }, 'A'],
  [{ __id: 'number' }, '__id'],
  [{ ctid: 'string' }, 'ctid'],
  [{ 'a"; DROP TABLE accounts; --': 'string' }, 'a"; DROP TABLE accounts; --'],
  [{ ['x'.repeat(64)]: 'string' }, 'x'.repeat(64)],
  [{ fields: { a: 'string' }, b: 'string' }, 'b'],
  [JSON.parse('{"__proto__":"string"}'), '__proto__'],
])('the fields %j are refused, naming %j', async (body, path) => {
  const { body: answer } = await api.call('registerSchema', { ...(await fresh()), body, expect: 400 });
  expect(answer.code).toBe('invalid_schema');
  expect(answer.details[0].path).toBe(path);
});

test.each([[[]], [null], ['text'], [1]])('the body %j is not a schema', async (body) => {
  const { status } = await api.call('registerSchema', {
    ...(await fresh()),
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(status).toBe(400);
});

describe('the default dataset', () => {
  const defaults = async () => {
    const tenant = await api.tenant();
    return { as: tenant.owner, params: { projectSlug: tenant.project.slug } };
  };

  test('does not exist until a schema is registered for it', async () => {
    const options = await defaults();
    for (const operation of ['readDefaultSchema', 'queryDefaultDataset'] as const) {
      const { body } = await api.call(operation, {
        ...options,
        ...(operation === 'queryDefaultDataset' && { body: {} }),
        expect: 404,
      });
      expect(body).toMatchObject({ error: 'Dataset schema not found', code: 'schema_not_found' });
    }
    const { body } = await api.call('registerDefaultSchema', { ...options, body: FIELDS, expect: 201 });
    expect(body.dataset).toMatchObject({ name: 'Default', slug: 'default', isDefault: true, status: 'active' });
    expect((await api.call('readDefaultSchema', { ...options, expect: 200 })).body.schema.fields).toEqual(FIELDS);
    await api.call('queryDefaultDataset', { ...options, body: {}, expect: 200 });
    await api.call('registerDefaultSchema', { ...options, body: FIELDS, expect: 200 });
    await api.call('registerDefaultSchema', { ...options, body: { other: 'string' }, expect: 409 });
    expect((await api.call('listDatasets', options)).body.datasets).toHaveLength(1);
  });

  test('is created once by registrations at the same time', async () => {
    const options = await defaults();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => api.call('registerDefaultSchema', { ...options, body: FIELDS })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    expect((await api.call('listDatasets', options)).body.datasets).toHaveLength(1);
  });

  test('can be created anew after it was deleted', async () => {
    const options = await defaults();
    const { body } = await api.call('registerDefaultSchema', { ...options, body: FIELDS, expect: 201 });
    const params = { ...options.params, datasetId: body.dataset.id };
    await api.call('deleteDataset', { ...options, params, expect: 204 });
    await api.call('readDefaultSchema', { ...options, expect: 404 });
    const again = await api.call('registerDefaultSchema', { ...options, body: { other: 'string' }, expect: 201 });
    expect(again.body.dataset.id).toBeGreaterThan(body.dataset.id);
  });
});

test('of two different registrations at the same time exactly one wins', async () => {
  for (let round = 0; round < 5; round++) {
    const options = await fresh();
    const bodies = Array.from({ length: 4 }, (_, i) => ({ [`field_${i}`]: 'string' }));
    const answers = await Promise.all(bodies.map((body) => api.call('registerSchema', { ...options, body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const won = answers.findIndex(({ status }) => status === 201);
    const { body } = await api.call('readSchema', options);
    expect(body.schema.fields).toEqual(bodies[won]);
    expect((await columnsOf(options.params.datasetId)).map((column) => column.name)).toContain(`field_${won}`);
  }
});
