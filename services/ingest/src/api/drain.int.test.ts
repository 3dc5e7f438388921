import { afterEach, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { metric } from '../testing/backends.js';
import { openRaw, rawRequest } from '../testing/raw-http.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
afterEach(() => api.close());

const record = JSON.stringify(GOOD_RECORD);
const request = (headers: Record<string, string> = {}, body = record) =>
  rawRequest(`POST /datasets/${api.dataset.id}`, {
    headers: { Authorization: `Bearer ${api.key}`, 'Content-Type': 'application/json', ...headers },
    body,
  });

test('a request in flight is answered, its connection closed, and what it sent is queued', async () => {
  api = await startTestApi({ config: { drainMs: 10_000 } });
  const connection = await openRaw(api.port);
  connection.socket.write(request({ 'Content-Length': String(record.length) }, record.slice(0, 10)));
  await waitFor(async () => (await metric(api.registry, 'loguro_ingest_body_bytes')) > 0, {
    what: 'the body to begin',
  });
  const draining = api.api.drain();
  expect(await api.api.readiness()).toContain('The process is stopping.');
  connection.socket.write(record.slice(10));
  const { status, headers } = await connection.answer();
  expect([status, headers.connection]).toEqual([202, 'close']);
  await connection.closed();
  await draining;
  expect(await metric(api.registry, 'loguro_ingest_accepted_records_total')).toBe(1);
  await api.bench.startWorker();
  await waitFor(async () => (await api.dataset.count()) === 1, { what: 'the record' });
});

test('while it drains, connections that come are served once more each, so that no client fails', async () => {
  api = await startTestApi({ config: { drainMs: 10_000 } });
  const idle = await openRaw(api.port);
  idle.socket.write(request());
  expect((await idle.answer()).headers.connection).toBe('keep-alive');
  const draining = api.api.drain();
  const late = await openRaw(api.port);
  late.socket.write(request());
  expect(await late.answer()).toMatchObject({ status: 202, headers: { connection: 'close' } });
  idle.socket.write(request());
  expect(await idle.answer()).toMatchObject({ status: 202, headers: { connection: 'close' } });
  await Promise.all([idle.closed(), late.closed()]);
  await draining;
  await expect(openRaw(api.port)).rejects.toThrow('ECONNREFUSED');
});

test('connections that stay idle are closed when the grace is over, and those who wait for a receipt are let go', async () => {
  api = await startTestApi({ config: { drainMs: 300 } });
  const idle = await openRaw(api.port);
  const waiting = api.send({ path: `/datasets/${api.dataset.id}?wait=stored`, body: GOOD_RECORD });
  await waitFor(async () => (await metric(api.registry, 'loguro_ingest_receipt_waiters')) === 1, {
    what: 'someone to wait',
  });
  const started = performance.now();
  await api.api.drain();
  expect(performance.now() - started).toBeLessThan(5000);
  expect((await waiting).status).toBe(202);
  await idle.closed();
});
