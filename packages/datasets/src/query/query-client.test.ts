import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defineDataset } from '../fields.js';
import { errorBody, type Scripted, type ScriptedServer, startScriptedServer } from '../testing/scripted-server.js';
import { count } from './expressions.js';
import { DatasetQueryClient } from './query-client.js';
import type { Query } from './wire.js';

const orders = defineDataset({ country: 'string', amount: 'number' });

let server: ScriptedServer;
let client: DatasetQueryClient;
beforeAll(async () => {
  server = await startScriptedServer();
  client = new DatasetQueryClient({ pat: 'pat_x', project: 'local', baseUrl: server.url });
});
afterAll(() => server.close());

const page = (amounts: number[], nextCursor?: string): Scripted => ({
  status: 200,
  json: {
    rows: amounts.map((amount) => ({ amount })),
    columns: [{ name: 'amount', type: 'number' }],
    rowCount: amounts.length,
    range: { from: '2026-06-01T00:00:00Z', to: '2026-06-08T00:00:00Z' },
    elapsedMs: 1,
    ...(nextCursor !== undefined && { nextCursor }),
  },
});
const asked = () => server.seen.map(({ body }) => JSON.parse(body) as Query);

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of iterable) all.push(item);
  return all;
}

test('a project slug and a dataset id make the path; the default dataset has none', async () => {
  server.script(page([]));
  await client.from(13, orders).run();
  await client.from('default').run();
  await new DatasetQueryClient({ pat: 'pat_x', project: 'a/b', baseUrl: server.url }).from(1).run();
  expect(server.seen.map(({ path }) => path)).toEqual([
    '/api/datasets/local/13/query',
    '/api/datasets/local/query',
    '/api/datasets/a%2Fb/1/query',
  ]);
  expect(() => new DatasetQueryClient({ pat: 'pat_x', project: '' })).toThrow(TypeError);
});

test('rows are iterated over all pages: the same query with the cursor of the page before', async () => {
  server.script(page([1, 2], 'c1'), page([3, 4], 'c2'), page([5]));
  const rows = await collect(client.from(13, orders).select('amount').where('country', '=', 'RO'));
  expect(rows).toEqual([1, 2, 3, 4, 5].map((amount) => ({ amount })));
  const [first, second, third] = asked();
  expect(first).toMatchObject({ limit: 1000 });
  expect(second).toEqual({ ...first, cursor: 'c1' });
  expect(third).toEqual({ ...first, cursor: 'c2' });
});

test('groups have no pages: iterating them reads a stream, so that none is left out', async () => {
  server.script((_request, response) =>
    response.writeHead(200).end('{"country":"RO","count":2}\n{"country":"DE","count":1}\n'),
  );
  const grouped = client.from(13, orders).select('country', count()).groupBy('country');
  await expect(collect(grouped)).resolves.toHaveLength(2);
  expect(server.seen[0]?.headers.accept).toBe('application/x-ndjson');
  expect(asked()[0]).not.toHaveProperty('limit');
});

test('a relative range stays what it was on the first page', async () => {
  server.script(page([1], 'c1'), page([2]));
  await collect(client.from(13, orders).select('amount').last(1, 'hours'));
  const [first, second] = asked();
  expect(second?.range).toEqual(first?.range);
});

test('a limit counts over all pages', async () => {
  server.script(page([1, 2], 'c1'), page([3], 'c2'));
  const rows = await collect(client.from(13, orders).select('amount').limit(3).pages({ pageSize: 2 }));
  expect(rows.flatMap(({ rows }) => rows)).toHaveLength(3);
  expect(asked().map(({ limit }) => limit)).toEqual([2, 1]);
});

test('whoever stops iterating asks no further pages', async () => {
  server.script(page([1, 2], 'c1'));
  for await (const row of client.from(13, orders).select('amount')) if (row.amount === 1) break;
  expect(server.seen).toHaveLength(1);
});

test('a query is asked again when that may help: it changes nothing', async () => {
  server.script((_request, response) => response.destroy(), page([1]));
  await expect(client.from(13, orders).select('amount').rows()).resolves.toEqual([{ amount: 1 }]);
  server.script({ status: 429, json: errorBody('too_many_queries'), headers: { 'retry-after': '0' } }, page([1]));
  await expect(client.from(13, orders).select('amount').first()).resolves.toEqual({ amount: 1 });
  expect(asked()[0]).toMatchObject({ limit: 1 });
  server.script({ status: 504, json: errorBody('query_timeout') });
  await expect(client.from(13, orders).run()).rejects.toMatchObject({ code: 'query_timeout' });
  expect(server.seen).toHaveLength(1);
});

test('a stream gives rows however the network cuts them, characters included', async () => {
  const bytes = Buffer.from('{"country":"Żółć 😀"}\n{"country":"RO"}\n{"country":"DE"}\n');
  for (const size of [1, 2, 3, 5, 7, bytes.length]) {
    server.script((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
      response.end();
    });
    const rows = await collect(client.from(13, orders).select('country').stream());
    expect(rows.map(({ country }) => country)).toEqual(['Żółć 😀', 'RO', 'DE']);
    expect(server.seen[0]?.headers.accept).toBe('application/x-ndjson');
  }
});

test('a stream that breaks off is an error, and its last, torn row is not given', async () => {
  server.script((_request, response) => {
    response.writeHead(200);
    response.write('{"amount":1}\n{"amount":23', () => response.destroy());
  });
  const rows: number[] = [];
  const read = async () => {
    for await (const { amount } of client.from(13, orders).select('amount').stream()) rows.push(amount);
  };
  await expect(read()).rejects.toMatchObject({ code: 'network_error' });
  expect(rows).toEqual([1]);
});

test('whoever leaves a stream early hangs up, so that the server can stop', async () => {
  const hungUp = new Promise<void>((resolve) => {
    server.script((_request, response) => {
      response.once('close', resolve);
      response.writeHead(200).write('{"amount":1}\n');
    });
  });
  for await (const _ of client.from(13, orders).select('amount').stream()) break;
  await expect(hungUp).resolves.toBeUndefined();
});

test('an aborted stream says so', async () => {
  const controller = new AbortController();
  server.script((_request, response) => response.writeHead(200).write('{"amount":1}\n'));
  const read = async () => {
    const options = { signal: controller.signal };
    for await (const _ of client.from(13, orders).select('amount').stream(options)) controller.abort();
  };
  await expect(read()).rejects.toMatchObject({ code: 'aborted' });
});

test('an answer as CSV is handed on as bytes', async () => {
  server.script((_request, response) => response.writeHead(200).end('amount\r\n1\r\n'));
  const body = await client.from(13, orders).select('amount').csv();
  await expect(new Response(body).text()).resolves.toBe('amount\r\n1\r\n');
  expect(server.seen[0]?.headers.accept).toBe('text/csv');
});

test('a query can be sent as it travels', async () => {
  server.script(page([1]));
  const query: Query = { select: [{ field: 'amount' }], limit: 5 };
  await expect(client.query(13, query)).resolves.toMatchObject({ rows: [{ amount: 1 }] });
  expect(asked()).toEqual([query]);
});

test('creating is not repeated after a lost answer: it may have been done', async () => {
  server.script((_request, response) => response.destroy());
  await expect(client.datasets.create({ name: 'Orders' })).rejects.toMatchObject({ code: 'network_error' });
  expect(server.seen).toHaveLength(1);
});

test('registering a schema is repeated: the second time is answered like the first', async () => {
  const schema = { version: 1, fields: orders.fields };
  server.script((_request, response) => response.destroy(), { status: 200, json: { dataset: {}, schema } });
  await expect(client.schema.register(13, orders)).resolves.toMatchObject({ schema });
  expect(server.seen).toHaveLength(2);
});
