import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { loggerOptions } from '@loguro/types/operations';
import { pino } from 'pino';
import { receiptOf } from '../records/receipt-id.js';
import { type Bench, createBench } from '../testing/backends.js';
import { createDataset, testLine } from '../testing/dataset.js';

let bench: Bench;
let lines: Record<string, unknown>[];
const logger = pino(loggerOptions('ingest-worker', 'trace'), { write: (line: string) => lines.push(JSON.parse(line)) });
const said = (message: string) => lines.find((line) => line.message === message);

beforeEach(async () => {
  lines = [];
  bench = await createBench('redis');
});
afterEach(() => bench.close());

test('a job that fails is logged with the ids of the requests whose records it holds, and their receipt', async () => {
  const dataset = await createDataset(bench.owner);
  const queue = await bench.openQueue();
  await bench.owner.query(`REVOKE INSERT ON records.dataset_${dataset.id} FROM loguro_ingest`);
  const chunkId = await queue.append({ dataset: dataset.id, lines: testLine('req-1') + testLine('req-2'), count: 2 });
  await bench.startWorker({}, logger);
  const failed = await waitFor(() => said('a job failed; it is tried again'), { what: 'the failure to be logged' });
  expect(failed).toMatchObject({
    level: 'warn',
    requestIds: ['req-1', 'req-2'],
    receipts: [receiptOf(chunkId, dataset.id)],
  });
  expect(said('a transaction failed')).toMatchObject({ sqlstate: '42501', reason: expect.stringContaining('denied') });
});

test('the value that PostgreSQL refused, and the rest of the record, are in no line at any level', async () => {
  const dataset = await createDataset(bench.owner);
  const queue = await bench.openQueue();
  const bad = testLine('req-3', { country: 'Atlantis', amount: 'hunter2' });
  await queue.append({ dataset: dataset.id, lines: bad + testLine('req-4'), count: 2 });
  await bench.startWorker({}, logger);
  await waitFor(async () => (await dataset.count()) === 1, { what: 'the good record to be stored' });
  expect(said('a transaction failed')).toMatchObject({ sqlstate: '22P02' });
  const buried = await waitFor(() => said('records were put among the dead letters'), { what: 'the dead letter' });
  expect(buried).toMatchObject({ requestIds: ['req-3'], dataset: dataset.id, records: 1, sqlstates: ['22P02'] });
  expect(JSON.stringify(lines)).not.toMatch(/hunter2|Atlantis/);
});
