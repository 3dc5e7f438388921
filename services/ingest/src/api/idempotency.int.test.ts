import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import type { TestDataset } from '../testing/dataset.js';
import { GOOD_RECORD, type Sent, startTestApi, type TestApi } from '../testing/test-api.js';

const KEY = { 'Idempotency-Key': 'order 17/a' };
const NDJSON = { ...KEY, 'Content-Type': 'application/x-ndjson' };

let api: TestApi;
/** Of a project of its own, so that keys of one test are unknown to the next. */
let dataset: TestDataset;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  await api.bench.startWorker();
});
beforeEach(async () => {
  dataset = await api.addDataset();
  key = (await api.addKey({ project: dataset.project })).token;
});
afterAll(() => api.close());

const send = (rest: string, body: unknown, headers: Record<string, string> = KEY) =>
  api.send({ path: `/datasets/${dataset.id}${rest}`, key, body, headers });
const stored = (count: number) =>
  waitFor(async () => (await dataset.count()) === count, { what: `${count} records to be stored` });
/** Stores one more record, and looks whether nothing else came before it. */
async function storedInTheEnd(count: number): Promise<void> {
  await send('?wait=stored', GOOD_RECORD, {});
  await stored(count + 1);
}

test('of different bodies that use a key for the first time at once one wins, and the others are told so', async () => {
  const bodies = ['a', 'b', 'c', 'd', 'e', 'f'].map((country) => ({ ...GOOD_RECORD, country }));
  const answers = await Promise.all([...bodies, ...bodies].map((body) => send('', body)));
  const accepted = answers.filter(({ status }) => status === 202);
  const refused = answers.filter(({ body }) => body.code === 'idempotency_key_reused');
  expect([accepted.length, refused.length]).toEqual([2, 10]);
  expect(new Set(accepted.map(({ body }) => body.receipt)).size).toBe(1);
  const winner = bodies[answers.findIndex(({ status }) => status === 202)];
  await stored(1);
  expect(await dataset.values('country')).toEqual([winner?.country]);
  await storedInTheEnd(1);
});

describe('the same key asks for something else when', () => {
  const one = JSON.stringify(GOOD_RECORD);
  const requests: Record<string, [rest: string, body: string, headers: Record<string, string>]> = {
    'a single record': ['', one, KEY],
    'a batch': ['/batch', `[${one}]`, KEY],
    'a batch of NDJSON': ['/batch', one, NDJSON],
    'a partial batch': ['/batch?partial=true', `[${one}]`, KEY],
    'a partial batch of NDJSON': ['/batch?partial=true', one, NDJSON],
  };

  test.each(Object.keys(requests))('it came with %s first, and now with anything else', async (first) => {
    const before = await send(...(requests[first] as [string, string, typeof KEY]));
    expect(before.status).toBe(202);
    for (const [name, request] of Object.entries(requests)) {
      const answer = await send(...request);
      const expected = name === first ? [202, before.body.receipt] : [422, undefined];
      expect([name, answer.status, answer.body.receipt]).toEqual([name, ...expected]);
    }
    await storedInTheEnd(1);
  });
});

test.each([
  ['of a batch that is no JSON', '[{"records":"are no', '/batch', KEY],
  ['of a batch without a record', '\n\n', '/batch', NDJSON],
  ['of a record at fault', '{}', '', KEY],
  ['of a dry run', JSON.stringify(GOOD_RECORD), '?dry_run=true', KEY],
])('the key %s is as good as new', async (_, body, rest, headers) => {
  expect([200, 400]).toContain((await send(rest, body, headers)).status);
  expect((await send('', { ...GOOD_RECORD, country: 'other' })).status).toBe(202);
  await storedInTheEnd(1);
});

test('the same key asks for the same whichever way the dataset is named, and whether it waits', async () => {
  const named = { ...KEY, 'X-Loguro-Dataset-Id': String(dataset.id) };
  const requests: Sent[] = [
    { path: `/datasets/${dataset.id}`, headers: KEY },
    { path: '/datasets', headers: named },
    { path: `/datasets/${dataset.id}?wait=stored`, headers: KEY },
    { path: `/datasets/${dataset.id}`, headers: { ...KEY, 'X-Request-Id': 'another' } },
  ];
  const receipts = new Set<unknown>();
  for (const request of requests) receipts.add((await api.send({ ...request, key, body: GOOD_RECORD })).body.receipt);
  expect([receipts.size, typeof [...receipts][0]]).toEqual([1, 'string']);
  await storedInTheEnd(1);
});
