import { beforeAll, expect, test } from '@jest/globals';
import { type StackProject, sharedStack, waitFor } from '@loguro/testing';
import {
  count,
  countDistinct,
  DatasetIngestClient,
  DatasetQueryClient,
  defineDataset,
  type Loss,
  sum,
} from '../../../packages/datasets/src/index.js';
import { type Fault, startFaultProxy } from './testing/fault-proxy.js';

const measurements = defineDataset({ run: 'string', number: 'number' });
const RECORDS = 10_000;
const SEED = Number(process.env.LOGURO_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let stack: StackProject;
let loguro: DatasetQueryClient;
let dataset: number;
beforeAll(async () => {
  stack = await sharedStack();
  loguro = new DatasetQueryClient({ pat: stack.pat, project: stack.project, baseUrl: stack.apiUrl });
  dataset = (await loguro.datasets.ensure('Measurements', measurements)).id;
}, 180_000);

/** What is stored of a run; numbers from 1, each to be there once. */
async function stored(run: string) {
  const columns = [count(), countDistinct('number').as('different'), sum('number').as('total')] as const;
  return loguro
    .from(dataset, measurements)
    .select(...columns)
    .where('run', '=', run)
    .first();
}

const whole = (records: number) => ({ count: records, different: records, total: (records * (records + 1)) / 2 });

/** A sequence of faults that is the same for the same seed. */
function faults(weights: readonly (readonly [Fault, number])[], seed: number): () => Fault {
  let state = seed;
  return () => {
    // Numerical Recipes' linear congruential generator: any will do.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let at = state / 2 ** 32;
    for (const [fault, weight] of weights) {
      at -= weight;
      if (at < 0) return fault;
    }
    return 'none';
  };
}

test(`over a network that loses requests and answers, every record is stored once (seed ${SEED})`, async () => {
  const weights = [
    ['cut request', 0.1],
    ['lose answer', 0.2],
    ['cut answer', 0.1],
    ['refuse', 0.1],
  ] as const;
  const proxy = await startFaultProxy(stack.ingestUrl, faults(weights, SEED));
  const losses: Loss[] = [];
  const ingest = new DatasetIngestClient({
    projectKey: stack.projectKey,
    dataset,
    definition: measurements,
    baseUrl: proxy.url,
    buffer: { maxBatchRecords: 150, maxInFlight: 4, maxPendingBytes: 256 * 1024 },
    onLoss: (loss) => losses.push(loss),
  });
  const run = `lossy ${SEED}`;
  let most = 0;
  try {
    for (let number = 1; number <= RECORDS; number++) {
      await ingest.write({ run, number });
      most = Math.max(most, ingest.stats.pendingBytes);
    }
    await ingest.close();
  } finally {
    await proxy.close();
  }
  expect(losses).toEqual([]);
  expect(ingest.stats).toMatchObject({ written: RECORDS, accepted: RECORDS, lost: 0, pending: 0, pendingBytes: 0 });
  expect(ingest.stats.retries).toBeGreaterThan(10);
  expect(most).toBeLessThanOrEqual(256 * 1024);
  for (const [fault] of weights) expect(proxy.seen.get(fault)).toBeGreaterThan(0);
  await waitFor(async () => ((await stored(run))?.count ?? 0) >= RECORDS, { what: 'all records', timeoutMs: 30_000 });
  await expect(stored(run)).resolves.toEqual(whole(RECORDS));
}, 180_000);

test('single records and batches whose answers were lost are stored once', async () => {
  let next: Fault = 'none';
  const proxy = await startFaultProxy(stack.ingestUrl, () => {
    const fault = next;
    next = 'none';
    return fault;
  });
  const ingest = new DatasetIngestClient({
    projectKey: stack.projectKey,
    dataset,
    definition: measurements,
    baseUrl: proxy.url,
  });
  const run = 'single';
  try {
    for (const fault of ['lose answer', 'cut answer', 'cut request', 'refuse'] as const) {
      const number = proxy.seen.size;
      next = fault;
      await ingest.send({ run, number: number * 2 + 1 }, { wait: true });
      next = fault;
      const { receipt } = await ingest.sendBatch([{ run, number: number * 2 + 2 }]);
      await ingest.stored(receipt);
    }
  } finally {
    await proxy.close();
  }
  const { count: rows, different } = (await stored(run)) ?? {};
  expect({ rows, different }).toEqual({ rows: 8, different: 8 });
}, 60_000);

test('records that the server refuses are reported one by one, and their neighbours are stored', async () => {
  const losses: Loss[] = [];
  // Without a definition nothing is checked here: the server's word is all there is.
  const ingest = new DatasetIngestClient({
    projectKey: stack.projectKey,
    dataset,
    baseUrl: stack.ingestUrl,
    onLoss: (loss) => losses.push(loss),
  });
  const run = 'refused';
  const records = [1, 'two', 2, 3, null].map((number) => ({ run, number }));
  for (const record of records) ingest.write(record as { run: string; number: number });
  await expect(ingest.close()).rejects.toMatchObject({ code: 'records_lost' });
  expect(losses).toHaveLength(1);
  expect(losses[0]).toMatchObject({ count: 2, error: { code: 'invalid_record' }, records: [records[1], records[4]] });
  expect(losses[0]?.error.details).toMatchObject([
    { index: 1, path: 'number', message: 'must be a number, got the string "two"' },
    { index: 4, path: 'number', message: 'must be a number, got null' },
  ]);
  await waitFor(async () => ((await stored(run))?.count ?? 0) >= 3, { what: 'the good records' });
  await expect(stored(run)).resolves.toEqual(whole(3));
});

test('a revoked or wrong credential is told at once, with its code, and is not tried again', async () => {
  const started = performance.now();
  const send = (projectKey: string) =>
    new DatasetIngestClient({ projectKey, dataset, baseUrl: stack.ingestUrl }).send({ run: 'x', number: 1 });
  await expect(send(stack.pat)).rejects.toMatchObject({ code: 'wrong_credential', status: 401 });
  await expect(send(stack.projectKey.slice(0, -4))).rejects.toMatchObject({ code: 'invalid_credential', status: 401 });
  const other = new DatasetQueryClient({ pat: stack.pat, project: 'nobody', baseUrl: stack.apiUrl });
  await expect(other.datasets.list()).rejects.toMatchObject({ code: 'project_not_found', status: 404 });
  const swapped = new DatasetQueryClient({ pat: stack.pat, project: stack.project, baseUrl: stack.ingestUrl });
  await expect(swapped.datasets.list()).rejects.toMatchObject({ code: 'wrong_api_surface' });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('many who ensure the same new dataset at once all go on with the same one', async () => {
  for (let round = 1; round <= 3; round++) {
    const ensure = () => loguro.datasets.ensure(`Raced ${round}`, defineDataset({ a: 'string' }));
    const ensured = await Promise.all(Array.from({ length: 8 }, ensure));
    expect(new Set(ensured.map(({ id }) => id)).size).toBe(1);
    await expect(ensure()).resolves.toMatchObject({ id: ensured[0]?.id });
    const left = (await loguro.datasets.list()).filter(({ name }) => name === `Raced ${round}`);
    expect(left).toHaveLength(1);
  }
});
