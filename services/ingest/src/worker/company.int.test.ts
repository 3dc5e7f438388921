import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import type { Books } from '../admin/books.js';
import { runCommand } from '../admin/commands.js';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { BACKENDS, type Bench, createBench, metric } from '../testing/backends.js';
import { createDataset, testLine } from '../testing/dataset.js';

describe.each(BACKENDS)('when some of what was queued can not be stored, over %s', (backend) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench(backend);
  });
  afterEach(() => bench.close());
  const books = async () =>
    (await runCommand(['books'], { LOGURO_QUEUE_URL: bench.queueUrl, LOGURO_DATABASE_URL: bench.database.ingestUrl }))
      .json as Books;

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

  test('what is left of a job that was partly stored waits as a job of its own, so the books balance meanwhile', async () => {
    const [shut, free] = [await createDataset(bench.owner), await createDataset(bench.owner)];
    const queue = await bench.openQueue();
    await bench.owner.query(`REVOKE INSERT ON records.dataset_${shut.id} FROM loguro_ingest`);
    await Promise.all(
      [shut, free].map(({ id }, n) => queue.append({ dataset: id, lines: testLine('x').repeat(n + 1), count: n + 1 })),
    );
    const { registry } = await bench.startWorker();
    await waitFor(async () => (await books()).stored === 2, { what: 'the chunk that can be stored' });
    await waitFor(async () => (await books()).pending.delayed === 1, {
      what: 'the other one to wait for its next try',
    });
    expect(await books()).toMatchObject({ stored: 2, accounted: 3 });
    await bench.owner.query(`GRANT INSERT ON records.dataset_${shut.id} TO loguro_ingest`);
    await waitFor(async () => (await shut.count()) === 1, { timeoutMs: 20_000, what: 'the other one to be stored' });
    await waitFor(async () => (await books()).accounted === 3, { what: 'the books to balance' });
    expect(await metric(registry, 'loguro_ingest_stored_records_total')).toBe(3);
    expect(await metric(registry, 'loguro_ingest_duplicate_records_total')).toBe(0);
    expect(await metric(registry, 'loguro_ingest_redelivered_records_total')).toBe(0);
  });

  test('a repeat whose first attempt failed is counted as a duplicate, like any other', async () => {
    const dataset = await createDataset(bench.owner);
    const queue = await bench.openQueue();
    await bench.owner.query(`REVOKE INSERT ON records.dataset_${dataset.id} FROM loguro_ingest`);
    const chunk = { id: timeOrderedId(), dataset: dataset.id, count: 1, at: Date.now(), lines: testLine('once') };
    await queue.appendChunk({ ...chunk });
    await queue.appendChunk({ ...chunk });
    const { registry } = await bench.startWorker();
    await waitFor(async () => (await books()).pending.delayed === 2, { what: 'both to fail' });
    await bench.owner.query(`GRANT INSERT ON records.dataset_${dataset.id} TO loguro_ingest`);
    await waitFor(async () => (await books()).accounted === 1, { timeoutMs: 20_000, what: 'both to be settled' });
    expect(await metric(registry, 'loguro_ingest_stored_records_total')).toBe(1);
    expect(await metric(registry, 'loguro_ingest_duplicate_records_total')).toBe(1);
    expect(await metric(registry, 'loguro_ingest_redelivered_records_total')).toBe(0);
  });
});
