import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { Registry } from 'prom-client';
import { BACKENDS, type Bench, createBench } from './testing/backends.js';
import { createDataset, type TestDataset, testLine } from './testing/dataset.js';

/** As Prometheus would see them: the value of a sample, named with its labels. */
async function scrape(registry: Registry): Promise<(sample: string) => number | undefined> {
  const samples = new Map<string, number>();
  for (const line of (await registry.metrics()).split('\n')) {
    const end = line.lastIndexOf(' ');
    samples.set(line.slice(0, end).replace('loguro_ingest_', ''), Number(line.slice(end)));
  }
  return (sample) => samples.get(sample);
}

describe.each(BACKENDS)('the figures over %s', (backend) => {
  let bench: Bench;
  let dataset: TestDataset;
  beforeEach(async () => {
    bench = await createBench(backend);
    dataset = await createDataset(bench.owner);
  });
  afterEach(() => bench.close());
  const lines = (count: number) => ({ dataset: dataset.id, lines: testLine('t').repeat(count), count });

  test('flushes and transactions are told with their sizes', async () => {
    const registry = new Registry();
    const queue = await bench.openQueue({ registry });
    await Promise.all([queue.append(lines(2)), queue.append(lines(3))]);
    await queue.append(lines(20));
    const api = await scrape(registry);
    expect(api('queue_flush_records_count')).toBe(2);
    expect(api('queue_flush_records_sum')).toBe(25);
    expect(['4', '16', '64'].map((le) => api(`queue_flush_records_bucket{le="${le}"}`))).toEqual([0, 1, 2]);
    expect(api('queue_flush_seconds_count')).toBe(2);
    const { registry: worked } = await bench.startWorker();
    await waitFor(async () => (await scrape(worked))('stored_records_total') === 25, { what: 'all to be stored' });
    const worker = await scrape(worked);
    expect(worker('commit_records_sum')).toBe(25);
    expect(worker('commit_seconds_count')).toBe(worker('commit_records_count'));
    expect(worker('lag_seconds_count')).toBe(2);
  });

  test('what waits is told with its age, and what was stored with the time it took', async () => {
    const locker = await bench.owner.connect();
    await locker.query(`BEGIN; LOCK TABLE records.dataset_${dataset.id} IN ACCESS EXCLUSIVE MODE`);
    const queue = await bench.openQueue();
    const { worker, registry } = await bench.startWorker({ lockTimeoutMs: 30_000, statementTimeoutMs: 30_000 });
    const begun = Date.now();
    await queue.append(lines(7));
    const queued = Date.now();
    const look = async () => {
      await worker.observeQueue();
      return scrape(registry);
    };
    await waitFor(async () => ((await look())('oldest_pending_seconds') ?? 0) > 0.3, { what: 'the job to be older' });
    const asked = Date.now();
    const pending = await look();
    const age = pending('oldest_pending_seconds') ?? 0;
    expect(age).toBeGreaterThanOrEqual((asked - queued) / 1000);
    expect(age).toBeLessThanOrEqual((Date.now() - begun) / 1000);
    expect(['waiting', 'active', 'delayed', 'failed'].map((s) => pending(`pending_records{state="${s}"}`))).toEqual([
      0, 7, 0, 0,
    ]);
    expect(pending('pending_jobs{state="active"}')).toBe(1);
    const freed = Date.now();
    await locker.query('ROLLBACK');
    locker.release();
    await waitFor(async () => (await look())('pending_jobs{state="active"}') === 0, { what: 'nothing to be pending' });
    const stored = await look();
    expect([stored('stored_records_total'), stored('oldest_pending_seconds')]).toEqual([7, 0]);
    const lag = stored('lag_seconds_sum') ?? 0;
    expect(lag).toBeGreaterThanOrEqual((freed - queued) / 1000);
    expect(lag).toBeLessThanOrEqual((Date.now() - begun) / 1000);
    expect(['0.25', '86400'].map((le) => stored(`lag_seconds_bucket{le="${le}"}`))).toEqual([0, 1]);
  });
});
