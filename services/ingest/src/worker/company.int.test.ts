import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { BACKENDS, type Bench, createBench, metric } from '../testing/backends.js';
import { createDataset, testLine } from '../testing/dataset.js';

describe.each(BACKENDS)('when some of what was queued can not be stored, over %s', (backend) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench(backend);
  });
  afterEach(() => bench.close());

  test('a locked table with many jobs costs the other datasets one wait for its lock, not one for each job', async () => {
    const [locked, free] = [await createDataset(bench.owner), await createDataset(bench.owner)];
    const queue = await bench.openQueue();
    for (let job = 0; job < 60; job += 1) {
      await queue.append({ dataset: locked.id, lines: testLine(`${job}`), count: 1 });
    }
    const locker = await bench.owner.connect();
    await locker.query(`BEGIN; LOCK TABLE records.dataset_${locked.id} IN ACCESS EXCLUSIVE MODE`);
    const { registry } = await bench.startWorker({ lockTimeoutMs: 500 });
    await waitFor(async () => (await metric(registry, 'loguro_ingest_storage_failures_total')) > 0, {
      what: 'the lock to be met',
    });
    await queue.append({ dataset: free.id, lines: testLine('free'), count: 1 });
    // One wait for each job, and for each half of them, would be a minute.
    await waitFor(async () => (await free.count()) === 1, { timeoutMs: 10_000, what: 'the other dataset' });
    await locker.query('ROLLBACK');
    locker.release();
    await waitFor(async () => (await locked.count()) === 60, { timeoutMs: 20_000, what: 'the locked one after all' });
  }, 60_000);
});
