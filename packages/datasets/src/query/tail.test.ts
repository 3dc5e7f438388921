import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defineDataset } from '../fields.js';
import { errorBody, type Scripted, type ScriptedServer, startScriptedServer } from '../testing/scripted-server.js';
import { count } from './expressions.js';
import { DatasetQueryClient } from './query-client.js';
import type { TailRequest } from './wire.js';

const orders = defineDataset({ country: 'string', amount: 'number' });

let server: ScriptedServer;
let client: DatasetQueryClient;
beforeAll(async () => {
  server = await startScriptedServer();
  client = new DatasetQueryClient({ pat: 'pat_x', project: 'local', baseUrl: server.url });
});
afterAll(() => server.close());

const page = (amounts: number[], cursor: string, more = false): Scripted => ({
  status: 200,
  json: { rows: amounts.map((amount) => ({ amount })), columns: [], rowCount: amounts.length, cursor, more },
});
const asked = () => server.seen.map(({ body }) => JSON.parse(body) as TailRequest);

/** Takes so many rows and leaves. */
async function take<T>(rows: AsyncIterable<T>, wanted: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const row of rows) if (taken.push(row) === wanted) break;
  return taken;
}

test('a tail starts from now, waits, and asks for the rest of a flood without waiting', async () => {
  server.script(page([], 'c0'), page([1, 2], 'c1', true), page([3], 'c2'), page([4], 'c3'));
  const tail = client.from(13, orders).select('amount').where('amount', '>', 0).tail();
  expect(await take(tail, 4)).toEqual([1, 2, 3, 4].map((amount) => ({ amount })));
  expect(server.seen.every(({ path }) => path === '/api/datasets/local/13/tail')).toBe(true);
  const where = [{ field: 'amount', op: '>', value: 0 }];
  const select = [{ field: 'amount' }];
  expect(asked()).toEqual([
    { select, where, wait: 0 },
    { select, where, wait: 20, cursor: 'c0' },
    { select, where, wait: 0, cursor: 'c1' },
    { select, where, wait: 20, cursor: 'c2' },
  ]);
});

test('after an outage a tail goes on with its cursor, and tells of it', async () => {
  const cut: Scripted = (_request, response) => response.destroy();
  const away: Scripted = { status: 503, json: errorBody('unavailable'), headers: { 'retry-after': '0' } };
  server.script(page([], 'c0'), cut, away, page([1], 'c1'));
  const impatient = new DatasetQueryClient({ pat: 'pat_x', project: 'local', baseUrl: server.url, retryForMs: 0 });
  const told: string[] = [];
  const rows = await take(impatient.tail(13, {}, { onRetry: ({ code }) => told.push(code) }), 1);
  expect(rows).toEqual([{ amount: 1 }]);
  expect(told).toEqual(['network_error', 'unavailable']);
  expect(asked().map(({ cursor }) => cursor)).toEqual([undefined, 'c0', 'c0', 'c0']);
});

test('what can not succeed later ends a tail, and so does a first request without an answer', async () => {
  server.script(page([], 'c0'), { status: 410, json: errorBody('cursor_expired') });
  await expect(take(client.tail(13), 1)).rejects.toMatchObject({ code: 'cursor_expired', status: 410 });
  server.script((_request, response) => response.destroy());
  const impatient = new DatasetQueryClient({ pat: 'pat_x', project: 'local', baseUrl: server.url, retryForMs: 0 });
  await expect(take(impatient.tail(13), 1)).rejects.toMatchObject({ code: 'network_error' });
});

test('a cursor is told when the records before it were taken, and a tail can start from one', async () => {
  server.script(page([1, 2], 'c1', true), page([3], 'c2'));
  const events: unknown[] = [];
  const tail = client.tail(13, {}, { cursor: 'c0', onCursor: (cursor) => events.push(cursor) });
  for await (const { amount } of tail) {
    events.push(amount);
    if (amount === 3) break;
  }
  // Whoever leaves before the last record was taken gets it again.
  expect(events).toEqual([1, 2, 'c1', 3]);
  expect(asked()[0]).toEqual({ wait: 0, cursor: 'c0' });
});

test('the signal ends a tail that waits, without an error', async () => {
  const controller = new AbortController();
  server.script(page([], 'c0'), () => controller.abort());
  expect(await take(client.tail(13, {}, { signal: controller.signal }), 1)).toEqual([]);
});

test('a server that answers at once with nothing is not asked without a pause', async () => {
  const controller = new AbortController();
  server.script(page([], 'c0'));
  const started = performance.now();
  const onCursor = () => server.seen.length === 4 && controller.abort();
  await take(client.tail(13, {}, { signal: controller.signal, onCursor }), 1);
  expect(performance.now() - started).toBeGreaterThan(800);
});

test('a tail takes no range, groups or limit', () => {
  expect(() => client.from(13, orders).last(1, 'days').tail()).toThrow('a tail has no range');
  expect(() => client.from(13, orders).select(count()).groupBy('country').tail()).toThrow(TypeError);
});
