import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { defineDataset } from '../fields.js';
import { errorBody, type Scripted, type ScriptedServer, startScriptedServer } from '../testing/scripted-server.js';
import type { Loss } from './buffer.js';
import { DatasetIngestClient, type IngestClientOptions } from './ingest-client.js';

const orders = defineDataset({ country: 'string', amount: 'number', at: 'timestamp?' });
const order = { timestamp: '2026-06-10T10:58:00Z', context: {}, country: 'RO', amount: 42.5 };

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const RECEIPT = '01a20745-aa49-7f0e-b028-26ec5658debd';
const queued = (more: object = {}): Scripted => ({
  status: 202,
  json: { success: true, status: 'queued', receipt: RECEIPT, ...more },
});
const overloaded: Scripted = { status: 503, json: errorBody('overloaded'), headers: { 'retry-after': '0' } };

type Options = Partial<IngestClientOptions<(typeof orders)['fields']>>;
const open = (options: Options = {}) =>
  new DatasetIngestClient({
    projectKey: 'key',
    dataset: 13,
    definition: orders,
    baseUrl: server.url,
    ...options,
  });

test('one record goes out as it is documented', async () => {
  server.script(queued());
  const accepted = await open().send(order, { requestId: 'req-7' });
  expect(accepted).toEqual({ status: 'queued', receipt: RECEIPT, count: 1, rejected: 0, details: [] });
  const [seen] = server.seen;
  expect(seen).toMatchObject({ method: 'POST', path: '/datasets/13' });
  expect(JSON.parse(seen?.body ?? '')).toEqual(order);
  expect(seen?.headers).toMatchObject({
    authorization: 'Bearer key',
    'content-type': 'application/json',
    'x-request-id': 'req-7',
  });
});

test('the default dataset has paths without an id', async () => {
  server.script(queued(), queued({ count: 1 }));
  const client = open({ dataset: 'default' });
  await client.send(order);
  await client.sendBatch([order]);
  expect(server.seen.map(({ path }) => path)).toEqual(['/datasets', '/datasets/batch']);
});

test('a record that leaves out timestamp and context happened now, in no particular context', async () => {
  server.script(queued());
  const before = Date.now();
  await open().send({ country: 'RO', amount: 1 });
  const sent = JSON.parse(server.seen[0]?.body ?? '') as { timestamp: string; context: object };
  expect(Date.parse(sent.timestamp)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(sent.timestamp)).toBeLessThanOrEqual(Date.now());
  expect(sent.context).toEqual({});
});

test('a timestamp that is undefined is a fault, not now', async () => {
  const record = { ...order, timestamp: undefined as unknown as string };
  await expect(open().send(record)).rejects.toMatchObject({
    code: 'invalid_record',
    details: [{ path: 'timestamp', message: expect.stringMatching(/^is required/) }],
  });
});

test('dates travel as RFC 3339', async () => {
  server.script(queued());
  const date = new Date('2026-06-10T10:58:00.250Z');
  await open().send({ ...order, timestamp: date, at: date });
  expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({
    timestamp: '2026-06-10T10:58:00.250Z',
    at: '2026-06-10T10:58:00.250Z',
  });
});

test('a bad record is refused before anything is sent', async () => {
  server.script(queued());
  const bad = { ...order, amount: '42' as unknown as number };
  await expect(open().send(bad)).rejects.toMatchObject({
    code: 'invalid_record',
    message:
      'The record does not fit the schema of the dataset; nothing was accepted. (amount must be a number, got the string "42")',
    details: [{ path: 'amount', message: 'must be a number, got the string "42"' }],
  });
  await expect(open().sendBatch([order, bad])).rejects.toMatchObject({
    code: 'invalid_record',
    details: [{ index: 1, path: 'amount', message: 'must be a number, got the string "42"' }],
  });
  expect(server.seen).toHaveLength(0);
});

test('with partial, bad records stay behind and are told by their place among all', async () => {
  const refused = { index: 1, path: 'country', message: 'is not a country' };
  server.script(queued({ count: 1, rejected: 1, details: [refused] }));
  const bad = { ...order, amount: '42' as unknown as number };
  const accepted = await open().sendBatch([bad, order, bad, order], { partial: true });
  expect(server.seen[0]?.path).toBe('/datasets/13/batch?partial=true');
  expect(JSON.parse(server.seen[0]?.body ?? '')).toHaveLength(2);
  expect(accepted).toMatchObject({ count: 1, rejected: 3 });
  expect(accepted.details.map(({ index, path }) => [index, path])).toEqual([
    [0, 'amount'],
    [2, 'amount'],
    [3, 'country'],
  ]);
  await expect(open().sendBatch([bad, bad], { partial: true })).rejects.toMatchObject({ code: 'invalid_record' });
});

test('a retry carries the same key and the same bytes, so that it counts once', async () => {
  server.script((_request, response) => response.destroy(), overloaded, queued({ count: 1 }));
  await open().sendBatch([order]);
  expect(server.seen).toHaveLength(3);
  const keys = new Set(server.seen.map(({ headers }) => headers['idempotency-key']));
  expect(keys.size).toBe(1);
  expect(new Set(server.seen.map(({ body }) => body)).size).toBe(1);
});

test("each call has a key of its own, unless the caller's is given", async () => {
  server.script(queued());
  const client = open();
  await Promise.all(Array.from({ length: 50 }, () => client.send(order)));
  expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(50);
  await client.send(order, { idempotencyKey: 'invoice-4711' });
  expect(server.seen.at(-1)?.headers['idempotency-key']).toBe('invoice-4711');
});

test('without retries a failure is thrown at once', async () => {
  server.script(overloaded);
  await expect(open({ retryForMs: 0 }).send(order)).rejects.toMatchObject({ code: 'overloaded', status: 503 });
  expect(server.seen).toHaveLength(1);
});

test('bodies from 1 KiB on are gzipped, smaller ones and those of who does not want it are not', async () => {
  server.script(queued());
  const large = { ...order, context: { text: 'ä'.repeat(2000) } };
  await open().send(large);
  await open().send(order);
  await open({ compress: false }).send(large);
  expect(server.seen.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', undefined, undefined]);
  expect(server.seen.map(({ body }) => JSON.parse(body))).toEqual([large, order, large]);
});

test('where the platform has no compression, bodies go out as they are', async () => {
  server.script(queued());
  const { CompressionStream } = globalThis;
  Object.assign(globalThis, { CompressionStream: undefined });
  try {
    await open().send({ ...order, context: { text: 'x'.repeat(2000) } });
  } finally {
    Object.assign(globalThis, { CompressionStream });
  }
  expect(server.seen[0]?.headers['content-encoding']).toBeUndefined();
});

test('wait asks the server to hold its answer until the records can be queried', async () => {
  server.script({ status: 200, json: { success: true, status: 'stored', receipt: RECEIPT } });
  const client = open();
  await expect(client.send(order, { wait: true })).resolves.toMatchObject({ status: 'stored' });
  await client.send(order, { wait: 3 });
  expect(server.seen.map(({ headers }) => headers.prefer)).toEqual(['wait=10', 'wait=3']);
});

test('stored waits until a receipt is stored, and fails when records are dead or the time is up', async () => {
  const client = open();
  const stored = { receipt: RECEIPT, status: 'stored', storedAt: '2026-06-10T10:58:01Z', records: 3 };
  server.script({ status: 202, json: { receipt: RECEIPT, status: 'queued' } }, { status: 200, json: stored });
  await expect(client.stored(RECEIPT)).resolves.toEqual(stored);
  expect(server.seen).toMatchObject([{ method: 'GET', path: `/datasets/13/receipts/${RECEIPT}` }, {}]);

  const dead = { receipt: RECEIPT, status: 'stored', records: 2, dead: 1, reasons: ['1 refused by the database'] };
  server.script({ status: 200, json: dead });
  await expect(client.stored(RECEIPT)).rejects.toMatchObject({ code: 'records_dead' });

  server.script({ status: 202, json: { receipt: RECEIPT, status: 'queued' } });
  await expect(client.stored(RECEIPT, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' });
  expect(server.seen.at(-1)?.headers.prefer).toBe('wait=1');
});

test('a receipt that is answered at once, though it may wait, is not asked for without a pause', async () => {
  server.script({ status: 202, json: { receipt: RECEIPT, status: 'queued' } });
  const before = server.seen.length;
  await expect(open().stored(RECEIPT, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'timeout' });
  expect(server.seen.length - before).toBeLessThan(5);
});

test('written records arrive in batches that take the good although some are bad', async () => {
  const losses: Loss[] = [];
  server.script(queued({ count: 3, rejected: 0, details: [] }));
  const client = open({ onLoss: (loss) => losses.push(loss) });
  for (const amount of [1, 2, 3]) client.write({ ...order, amount });
  await client.close();
  expect(server.seen).toHaveLength(1);
  expect(server.seen[0]?.path).toBe('/datasets/13/batch?partial=true');
  expect((JSON.parse(server.seen[0]?.body ?? '') as { amount: number }[]).map(({ amount }) => amount)).toEqual([
    1, 2, 3,
  ]);
  expect(losses).toEqual([]);
  expect(client.stats).toMatchObject({ written: 3, accepted: 3, lost: 0, pending: 0 });
});

test('a record counts as it was when it was written, whatever becomes of the object', async () => {
  server.script(queued({ count: 1 }));
  const client = open();
  const record = { ...order };
  client.write(record);
  record.amount = -1;
  await client.close();
  expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject([{ amount: 42.5 }]);
});

test('write neither throws nor rejects: a bad record is reported, its neighbours go out', async () => {
  const losses: Loss[] = [];
  server.script(queued({ count: 1 }));
  const client = open({ onLoss: (loss) => losses.push(loss) });
  const bad = { ...order, amount: Number.NaN };
  expect(client.write(bad)).toBeUndefined();
  const toJSON = () => {
    throw new Error('broken');
  };
  const faulty = { ...order, at: { toJSON } as unknown as Date };
  client.write(faulty);
  client.write(order);
  await expect(client.close()).rejects.toMatchObject({ code: 'records_lost' });
  expect(losses).toMatchObject([
    { count: 1, error: { code: 'invalid_record' }, records: [bad] },
    { count: 1, error: { code: 'invalid_record' } },
  ]);
  expect(client.stats).toMatchObject({ written: 3, accepted: 1, lost: 2, pending: 0 });
});

test('a loss that nobody asked to hear of is printed', async () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  server.script({ status: 401, json: errorBody('revoked_credential', 'The key was revoked.') });
  const client = open();
  client.write(order);
  client.write(order);
  await expect(client.flush()).rejects.toMatchObject({ code: 'records_lost', cause: { code: 'revoked_credential' } });
  expect(printed).toHaveBeenCalledTimes(1);
  expect(printed.mock.calls[0]?.[0]).toBe('2 records for dataset 13 were lost:');
});

test('nothing is taken after close, and that is reported too', async () => {
  const losses: Loss[] = [];
  server.script(queued({ count: 1 }));
  const client = open({ onLoss: (loss) => losses.push(loss) });
  client.write(order);
  await client.close();
  client.write(order);
  await Promise.resolve();
  await expect(client.close()).resolves.toBeUndefined();
  expect(losses).toMatchObject([{ error: { code: 'client_closed' }, records: [order] }]);
  expect(client.stats).toMatchObject({ written: 2, accepted: 1, lost: 1 });
});

test('close gives up at its deadline, and what is not accepted by then is reported with its records', async () => {
  const losses: Loss[] = [];
  server.script(() => undefined);
  const client = open({ onLoss: (loss) => losses.push(loss) });
  client.write(order);
  await expect(client.close({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'records_lost' });
  expect(losses).toMatchObject([{ count: 1, error: { code: 'aborted' }, records: [order] }]);
});

test('retries of the buffered mode are counted', async () => {
  server.script(overloaded, overloaded, queued({ count: 1 }));
  const client = open();
  client.write(order);
  await client.close();
  expect(client.stats).toMatchObject({ accepted: 1, retries: 2 });
});

test('a page that is left flushes with requests that outlive it, uncompressed', async () => {
  const inits: { keepalive?: boolean; headers: Record<string, string> }[] = [];
  const client = open({
    fetch: async (_url, init) => {
      inits.push(init);
      return new Response(JSON.stringify({ status: 'queued', receipt: RECEIPT, count: 1 }), { status: 202 });
    },
  });
  client.write({ ...order, context: { text: 'x'.repeat(2000) } });
  await client.flush({ keepalive: true });
  expect(inits[0]).toMatchObject({ keepalive: true });
  expect(inits[0]?.headers).not.toHaveProperty('content-encoding');
  // Browsers refuse large bodies of that kind: better without than not at all.
  client.write({ ...order, context: { text: 'x'.repeat(70_000) } });
  await client.flush({ keepalive: true });
  expect(inits[1]?.keepalive).toBeFalsy();
});

test('`await using` closes the client', async () => {
  server.script(queued({ count: 1 }));
  const client = open();
  client.write(order);
  await client[Symbol.asyncDispose]();
  expect(client.stats).toMatchObject({ accepted: 1 });
});

test('validate says what is wrong without sending anything', () => {
  expect(open().validate({ country: 'RO', amount: 1 })).toEqual([]);
  expect(open().validate({ country: 'RO' })).toEqual([{ path: 'amount', message: 'is required: a number' }]);
});
