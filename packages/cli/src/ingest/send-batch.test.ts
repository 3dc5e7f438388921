import { expect, test } from '@jest/globals';
import { LoguroError } from '@loguro/datasets';
import type { RawRecord } from '../records/splitter.js';
import { type Sender, sendBatch } from './send-batch.js';

const DETAILS = 100;

/** Refuses as the service does: all or nothing, and the first hundred faults by name. */
function sender(faultsOf: (record: { n: number }) => number) {
  const seen = { requests: 0, records: 0, keys: new Set<string>(), stored: [] as number[] };
  const send = async (records: { n: number }[], { idempotencyKey: key = '' }: { idempotencyKey?: string }) => {
    seen.requests++;
    seen.records += records.length;
    if (key.length > 255 || seen.keys.has(key)) throw new LoguroError('invalid_request', key, { status: 400 });
    seen.keys.add(key);
    const details = records
      .flatMap((record, index) => Array.from({ length: faultsOf(record) }, () => ({ index, path: 'x', message: 'no' })))
      .slice(0, DETAILS);
    if (details.length > 0) throw new LoguroError('invalid_record', 'no', { status: 400, details });
    seen.stored.push(...records.map(({ n }) => n));
    return { receipt: 'r' };
  };
  return { seen, sender: { sendBatch: send } as unknown as Sender };
}

function batchOf(count: number) {
  const records = Array.from({ length: count }, (_, n) => ({ timestamp: '', context: {}, n }));
  const raws = records.map(({ n }) => ({ line: n, bytes: Buffer.from(String(n)) }) as RawRecord);
  return { start: 0, end: 1, chain: '', rejects: [], records, raws };
}

const KEY = `loguro-${'k'.repeat(43)}`;

test('a batch of records that only the server finds bad is settled in few requests, each with a key of its own', async () => {
  const count = 1000;
  const { seen, sender: to } = sender(({ n }) => (n % 10 === 3 ? 0 : 50));
  const settled = await sendBatch(to, batchOf(count), KEY, new AbortController().signal);
  expect(settled.rejects.map(({ line }) => line)).toEqual(
    batchOf(count).raws.flatMap(({ line }) => (line % 10 === 3 ? [] : line)),
  );
  expect(seen.stored.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i * 10 + 3));
  expect(settled.accepted).toBe(100);
  // Two records for each answer: sending all of the rest each time makes it a quarter of a million.
  expect(seen.records).toBeLessThan(15 * count);
});

test('a repeat takes the same steps with the same keys', async () => {
  const runs = [sender(({ n }) => n % 7), sender(({ n }) => n % 7)];
  for (const { sender: to } of runs) await sendBatch(to, batchOf(300), KEY, new AbortController().signal);
  expect([...(runs[0]?.seen.keys ?? [])]).toEqual([...(runs[1]?.seen.keys ?? [])]);
});
