import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { INGEST_QUEUE, QUEUE_PREFIX } from '@loguro/types';
import { UsageError } from '@loguro/types/operations';
import { Redis } from 'ioredis';
import { parseJobId } from '../queue/job-id.js';
import { QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { openQueueStore } from '../queue/open-queue-store.js';
import type { QueueStore } from '../queue/queue-store.js';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { BACKENDS, type Bench, createBench, metric, silent } from '../testing/backends.js';
import { createDataset, testLine } from '../testing/dataset.js';
import type { Books } from './books.js';
import { runCommand } from './commands.js';
import type { FailedJob } from './failed-jobs.js';

describe.each(BACKENDS)('the admin command, over %s', (backend) => {
  let bench: Bench;
  let store: QueueStore;
  const admin = (line: string) =>
    runCommand(line.split(' '), {
      LOGURO_QUEUE_URL: bench.queueUrl,
      LOGURO_DATABASE_URL: bench.database.ingestUrl,
      LOGURO_MIGRATE_DATABASE_URL: bench.database.ownerUrl,
    });
  const books = async () => (await admin('books')).json as Books;

  beforeEach(async () => {
    bench = await createBench(backend);
    store = await openQueueStore({ ...QUEUE_DEFAULTS, url: bench.queueUrl, redisPolicy: 'warn', logger: silent });
  });
  afterEach(async () => {
    await store.close();
    await bench.close();
  });

  /** A chunk in a job that fails for good at its first try. */
  async function addFailing(chunks: object[]): Promise<void> {
    await store.queue.add('store', { v: 2, chunks } as never, { jobId: `${timeOrderedId()}.3.100` });
  }

  test('failed jobs stay, are listed with what a replay would do, and are replayed without doubling', async () => {
    const [kept, gone] = [await createDataset(bench.owner), await createDataset(bench.owner)];
    const chunk = (dataset: number, name: string) => ({
      id: timeOrderedId(),
      dataset,
      count: 1,
      at: Date.now(),
      lines: testLine(name),
    });
    const chunks = [chunk(kept.id, 'before'), chunk(kept.id, 'new'), chunk(gone.id, 'gone')];
    const queue = await bench.openQueue();
    const { registry } = await bench.startWorker();
    await queue.appendChunk(chunks[0] as (typeof chunks)[0]);
    await waitFor(async () => (await kept.count()) === 1, { what: 'the first chunk to be stored' });
    await addFailing(chunks);
    await waitFor(async () => (await store.queue.getFailedCount()) === 1, { what: 'the job to fail' });
    await gone.remove();

    const listed = (await admin('failed list')).json as { total: number; jobs: FailedJob[] };
    expect(listed.total).toBe(1);
    expect(listed.jobs[0]?.reason).toContain('version');
    expect(listed.jobs[0]?.chunks.map(({ fate }) => fate)).toEqual(['stored', 'store', 'discard']);
    expect((await books()).pending.failed).toBe(3);

    // What an upgrade of the worker would do: from now on it knows this version.
    const job = await store.queue.getJob(listed.jobs[0]?.id as string);
    await job?.updateData({ v: 1, chunks });
    const dry = await admin('failed replay --dry-run');
    expect(dry.json).toEqual({ dryRun: true, jobs: listed.jobs });
    expect(await store.queue.getFailedCount()).toBe(1);

    expect((await admin('failed replay')).json).toEqual({ dryRun: false, replayed: [listed.jobs[0]?.id] });
    await waitFor(async () => (await metric(registry, 'loguro_ingest_discarded_records_total')) === 1, {
      what: 'the replay to end',
    });
    expect(await kept.values('__traceId')).toEqual(['before', 'new']);
    await waitFor(async () => (await books()).accounted === 3, { what: 'the books to balance' });
    expect(await books()).toMatchObject({ stored: 2, discarded: 1, dead: 0 });
  });

  test('a job that was in the hands of workers that died is replayed without the count of them, at its old age', async () => {
    const { worker } = await bench.startWorker();
    await addFailing([]);
    await waitFor(async () => (await store.queue.getFailedCount()) === 1, { what: 'the job to fail' });
    await worker.stop();
    const [id] = (await store.queue.getRanges(['failed'])) as [string];
    if (backend === 'postgres') await bench.owner.query('UPDATE queue.job SET stalled_count = 26');
    else {
      const redis = new Redis(bench.queueUrl);
      await redis.hset(`${QUEUE_PREFIX}:${INGEST_QUEUE}:${id}`, 'stc', 26);
      redis.disconnect();
    }
    const old = await store.queue.getJob(id);
    expect(old?.stalledCounter).toBe(26);
    expect((await admin('failed replay')).json).toEqual({ dryRun: false, replayed: [id] });
    const [again, ...others] = (await store.queue.getRanges(['waiting', 'failed'])) as [string, ...string[]];
    expect(others).toEqual([]);
    const job = await store.queue.getJob(again);
    expect(job).toMatchObject({ stalledCounter: 0, attemptsMade: 0, timestamp: old?.timestamp, data: old?.data });
    expect(parseJobId(again)).toMatchObject({ records: 3, bytes: 100 });
    expect((await admin('failed replay')).json).toEqual({ dryRun: false, replayed: [] });
  });

  test('dead letters are listed, and those that can be stored after all are, once', async () => {
    const dataset = await createDataset(bench.owner);
    const queue = await bench.openQueue();
    await bench.startWorker();
    const lines = [testLine('good'), testLine('late', { country: 'XX' }), testLine('never', { amount: 'much' })];
    await bench.owner.query(`ALTER TABLE records.dataset_${dataset.id} ADD CONSTRAINT c CHECK (country <> 'XX')`);
    await queue.append({ dataset: dataset.id, lines: lines.join(''), count: 3 });
    await waitFor(async () => (await dataset.count()) === 1, { what: 'the good record to be stored' });
    const listed = await admin('dead-letters list');
    expect((listed.json as { letters: { sqlstate: string; line: string }[] }).letters).toMatchObject([
      { sqlstate: '23514', line: lines[1] },
      { sqlstate: '22P02', line: lines[2] },
    ]);
    expect(await books()).toMatchObject({ stored: 1, dead: 2 });

    await bench.owner.query(`ALTER TABLE records.dataset_${dataset.id} DROP CONSTRAINT c`);
    expect((await admin('dead-letters replay --dry-run')).json).toEqual({ dryRun: true, stored: 1, refused: 1 });
    expect(await dataset.count()).toBe(1);
    expect((await admin(`dead-letters replay --dataset ${dataset.id}`)).json).toMatchObject({ stored: 1, refused: 1 });
    expect((await admin('dead-letters replay')).json).toMatchObject({ stored: 0, refused: 1 });
    expect(await dataset.values('__traceId')).toEqual(['good', 'late']);
    expect(await books()).toMatchObject({ stored: 2, dead: 1 });

    // Tails find records by the number of the transaction that entered them in the ledger.
    const carried = `SELECT xmin::text AS xid, count(*)::int AS records FROM records.dataset_${dataset.id} GROUP BY 1`;
    const entered = `SELECT xid::text, records FROM ingest.arrivals WHERE dataset_id = ${dataset.id} AND records > 0`;
    const [records, ledger] = [await bench.owner.query(carried), await bench.owner.query(entered)];
    expect(ledger.rows).toHaveLength(2);
    expect(new Set(records.rows)).toEqual(new Set(ledger.rows));
  });
});

test('a wrong command line is told what is wrong with it', async () => {
  await expect(runCommand([], {})).rejects.toThrow(UsageError);
  await expect(runCommand(['failed', 'bury'], {})).rejects.toThrow('There is no command "failed bury".');
  await expect(runCommand(['books'], {})).rejects.toThrow(/LOGURO_QUEUE_URL(.|\n)*LOGURO_DATABASE_URL/);
});
