import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { metric } from '../testing/backends.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';

const BUDGET = 64 * 1024;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ config: { bodiesInFlightBytes: BUDGET } });
});
afterAll(() => api.close());

test('requests that wait until their records are stored leave the room for bodies to others', async () => {
  const path = `/datasets/${api.dataset.id}`;
  const large = [{ ...GOOD_RECORD, context: { note: 'x'.repeat(0.4 * BUDGET) } }];
  const waiting = [];
  // Together they are larger than the room, but each has been queued before the next one comes.
  for (let count = 1; count <= 4; count += 1) {
    waiting.push(api.send({ path: `${path}/batch?wait=stored&partial=true`, body: large }));
    await waitFor(async () => (await metric(api.registry, 'loguro_ingest_receipt_waiters')) === count, {
      what: `${count} requests to wait`,
    });
    expect(await metric(api.registry, 'loguro_ingest_body_bytes')).toBe(0);
  }
  expect((await api.send({ path, body: GOOD_RECORD })).status).toBe(202);
  await api.bench.startWorker();
  const answers = (await Promise.all(waiting)).map(({ status, body }) => [status, body.status, body.count]);
  expect(answers).toEqual(Array.from({ length: 4 }, () => [200, 'stored', 1]));
});
