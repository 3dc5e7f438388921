import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import type { Response } from 'express';
import { Client } from 'pg';
import { type CallOptions, startTestApi, type TestApi } from '../testing/test-api.js';
import { createUnsentAnswers } from './unsent-answers.js';

let api: TestApi;
let call: CallOptions & { params: { projectSlug: string; datasetId: number } };
const sockets: Socket[] = [];
beforeAll(async () => {
  api = await startTestApi({ LOGURO_UNSENT_ANSWER_BYTES: String(32 * 1024 * 1024) });
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant, { text: 'string' });
  call = { as: tenant.owner, params: { projectSlug: tenant.project.slug, datasetId: id } };
  const owner = new Client({ connectionString: api.databases.ownerUrl });
  await owner.connect();
  await owner.query(
    `INSERT INTO records.dataset_${id} ("timestamp", "context", "__traceId", "text")
     SELECT now(), '{}', 't', repeat('x', 250000) FROM generate_series(1, 60) i`,
  );
  await owner.end();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await api.stop();
});

const large = { select: [{ field: 'text' }] };

/** Asks and reads nothing but the first bytes of the answer. */
async function askAndStopReading(): Promise<Socket> {
  const { port } = new URL(api.url);
  const socket = connect(Number(port), '127.0.0.1');
  sockets.push(socket);
  const body = JSON.stringify(large);
  const { pat } = call.as as { pat: string };
  socket.write(
    `POST /api/datasets/${call.params.projectSlug}/${call.params.datasetId}/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pat}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const first = await new Promise<Buffer>((resolve) => {
    socket.once('data', (data) => {
      socket.pause();
      resolve(data);
    });
  });
  expect(first.toString('latin1', 0, 12)).toBe('HTTP/1.1 200');
  return socket;
}

test('large answers that nobody reads are so many and no more; small ones are answered all the same', async () => {
  const [stuck] = [await askAndStopReading(), await askAndStopReading()];
  const refused = await api.call('queryDataset', { ...call, body: large });
  expect({ status: refused.status, code: refused.body.code, retry: refused.headers['retry-after'] }).toEqual({
    status: 503,
    code: 'overloaded',
    retry: '1',
  });
  await api.call('queryDataset', { ...call, body: {}, expect: 200 });
  stuck?.destroy();
  const answered = async () => (await api.call('queryDataset', { ...call, body: large })).status === 200;
  await waitFor(answered, { timeoutMs: 5000, what: 'room for an answer' });
}, 30_000);

test('a client that takes too long to read its answer is cut off, and its room is free again', async () => {
  const unsent = createUnsentAnswers({ maxBytes: 30_000_000, sendMs: 3000 });
  const answer = Buffer.alloc(20_000_000);
  const failures: unknown[] = [];
  const server = createServer((_req, res) => {
    try {
      unsent.hold(res as Response, answer.length);
      res.end(answer);
    } catch (error) {
      failures.push(error);
      res.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1').pause();
    sockets.push(socket);
    socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    await waitFor(async () => (await connections()) === 1, { timeoutMs: 5000, what: 'the connection' });
    await waitFor(async () => (await connections()) === 0, { timeoutMs: 10_000, what: 'the cut' });
    const { size } = await (await fetch(`http://127.0.0.1:${port}`)).blob();
    expect({ size, failures }).toEqual({ size: answer.length, failures: [] });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}, 30_000);
