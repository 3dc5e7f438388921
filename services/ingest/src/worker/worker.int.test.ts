import { afterEach, describe, expect, test } from '@jest/globals';
import { startPostgres, startRedis, undocumented, waitFor } from '@loguro/testing';
import pg from 'pg';
import { Registry } from 'prom-client';
import { openIngestQueue, QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { openQueueStore } from '../queue/open-queue-store.js';
import { BACKENDS, type Bench, createBench, metric, silent } from '../testing/backends.js';
import { Cleanup } from '../testing/cleanup.js';
import { createDataset, testLine } from '../testing/dataset.js';
import { freeze } from '../testing/freeze.js';
import { assertBuilt, startService } from '../testing/process.js';

describe.each(BACKENDS)('workers over %s', (backend) => {
  let bench: Bench;
  afterEach(() => bench.close());

  test('a dataset with little to store does not wait for the backlog of a busy one', async () => {
    bench = await createBench(backend);
    const [busy, quiet] = [await createDataset(bench.owner), await createDataset(bench.owner)];
    const queue = await bench.openQueue();
    const lines = testLine('b').repeat(200);
    const fill = async (jobs: number) => {
      for (let job = 0; job < jobs; job += 1) await queue.append({ dataset: busy.id, lines, count: 200 });
    };
    // Before the next look at the queue jobs go the plain way; what comes after it is shared out.
    await fill(80);
    await waitFor(() => queue.contended(), { what: 'the backlog to be noticed' });
    await fill(220);
    await queue.append({ dataset: quiet.id, lines: testLine('q'), count: 1 });
    await bench.startWorker({ concurrency: 8, lanes: 1 });
    await waitFor(async () => (await quiet.count()) === 1, { what: 'the quiet dataset to be stored', intervalMs: 5 });
    expect(await busy.count()).toBeLessThan(30_000);
    await waitFor(async () => (await busy.count()) === 60_000, {
      timeoutMs: 25_000,
      what: 'the backlog to be stored',
    });
  });

  test('two workers divide the work without doubling any of it', async () => {
    bench = await createBench(backend);
    const dataset = await createDataset(bench.owner);
    const queue = await bench.openQueue();
    const workers = [await bench.startWorker({ concurrency: 2 }), await bench.startWorker({ concurrency: 2 })];
    const other = await bench.openQueue();
    for (let job = 0; job < 100; job += 1) {
      await Promise.all(
        [queue, other].map((q) => q.append({ dataset: dataset.id, lines: testLine(`${job}`), count: 1 })),
      );
    }
    await waitFor(async () => (await dataset.count()) >= 200, { what: 'all to be stored' });
    const { rows } = await bench.owner.query<{ worker: string; records: number }>(
      'SELECT worker, sum(records)::int AS records FROM ingest.committed_chunks GROUP BY worker',
    );
    expect(rows.map(({ worker }) => Number(worker)).sort()).toEqual(workers.map(({ worker }) => worker.id).sort());
    expect(rows.reduce((sum, { records }) => sum + records, 0)).toBe(200);
    expect(await dataset.count()).toBe(200);
  });

  test('a table that is locked holds up its own records only, and is tried again', async () => {
    bench = await createBench(backend);
    const [locked, free] = [await createDataset(bench.owner), await createDataset(bench.owner)];
    const queue = await bench.openQueue();
    const { registry } = await bench.startWorker({ lockTimeoutMs: 200, concurrency: 2 });
    const locker = await bench.owner.connect();
    await locker.query(`BEGIN; LOCK TABLE records.dataset_${locked.id} IN ACCESS EXCLUSIVE MODE`);
    for (let job = 0; job < 5; job += 1) {
      await Promise.all(
        [locked, free].map(({ id }) => queue.append({ dataset: id, lines: testLine(`${job}`), count: 1 })),
      );
    }
    await waitFor(async () => (await free.count()) === 5, { what: 'the other dataset to be stored' });
    await locker.query('ROLLBACK');
    locker.release();
    await waitFor(async () => (await locked.count()) === 5, { what: 'the locked one to be stored after all' });
    expect(await metric(registry, 'loguro_ingest_stored_records_total')).toBe(10);
  });
});

/** What a worker process does not run. */
const NOT_THE_WORKER = /^(api|cache|records|admin)\b/;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test('a stopped worker finishes what it has in hand and loses nothing', async () => {
  assertBuilt(NOT_THE_WORKER);
  const bench = await createBench('redis');
  cleanup.defer(() => bench.close());
  const dataset = await createDataset(bench.owner);
  const queue = await bench.openQueue();
  const worker = await startService('worker/main.js', {
    LOGURO_DATABASE_URL: bench.database.ingestUrl,
    LOGURO_QUEUE_URL: bench.queueUrl,
    LOGURO_REDIS_POLICY: 'warn',
    LOGURO_WORKER_CONCURRENCY: '4',
  });
  cleanup.defer(() => worker.stop());
  let appended = 0;
  const append = async () => {
    await queue.append({ dataset: dataset.id, lines: testLine('t').repeat(100), count: 100 });
    appended += 100;
  };
  for (let job = 0; job < 50; job += 1) await append();
  await waitFor(async () => (await dataset.count()) > 0, { what: 'the worker to be at work', intervalMs: 1 });
  expect(undocumented('Ingest worker', await (await fetch(`${worker.opsUrl}/metrics`)).text())).toEqual([]);
  const stopped = worker.kill('SIGTERM');
  for (let job = 0; job < 50; job += 1) await append();
  expect(await stopped).toBe(0);
  const { rows } = await bench.owner.query(
    "SELECT 1 FROM pg_stat_activity WHERE usename = 'loguro_ingest' AND state = 'active' AND datname = current_database()",
  );
  expect(rows).toEqual([]);
  await worker.start();
  await waitFor(async () => (await dataset.count()) === appended, { what: 'the rest to be stored' });
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(await dataset.count()).toBe(appended);
}, 120_000);

test('when PostgreSQL hangs a worker says so, gives its jobs back, exits to be started anew, and then stores everything', async () => {
  assertBuilt(NOT_THE_WORKER);
  const postgres = await startPostgres();
  cleanup.defer(() => postgres.stop());
  const redis = await startRedis();
  cleanup.defer(() => redis.stop());
  const database = await postgres.createDatabase();
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
  owner.on('error', () => undefined);
  cleanup.defer(() => owner.end());
  const dataset = await createDataset(owner);
  const worker = await startService('worker/main.js', {
    LOGURO_DATABASE_URL: database.ingestUrl,
    LOGURO_QUEUE_URL: redis.url,
    LOGURO_WORKER_STUCK_AFTER_MS: '500',
    LOGURO_WORKER_EXIT_AFTER_MS: '4000',
    LOGURO_WORKER_LOCK_MS: '1000',
    LOGURO_WORKER_STALLED_INTERVAL_MS: '500',
  });
  const queue = await openIngestQueue({ url: redis.url, logger: silent, registry: new Registry() });
  cleanup.defer(() => queue.close());
  const store = await openQueueStore({ ...QUEUE_DEFAULTS, url: redis.url, redisPolicy: 'warn', logger: silent });
  cleanup.defer(() => store.close());
  cleanup.defer(() => worker.stop());
  await queue.append({ dataset: dataset.id, lines: testLine('first'), count: 1 });
  await waitFor(async () => (await dataset.count()) === 1, { what: 'the first record' });
  const thaw = freeze(postgres.pid);
  cleanup.defer(thaw);
  await queue.append({ dataset: dataset.id, lines: testLine('second'), count: 1 });
  const problem = await waitFor(
    async () => {
      const answer = await fetch(`${worker.opsUrl}/readyz`);
      return answer.status === 503 ? answer.text() : '';
    },
    { what: 'the worker to say that it is stuck' },
  );
  expect(await worker.metric('loguro_ingest_stuck_seconds')).toBeGreaterThan(0);
  expect(problem).toMatch(/Nothing was stored for \d+ seconds although work waits/);
  expect(await worker.ended()).toBe(1);
  expect(worker.output()).toContain('no progress');
  // Left in its hands, they would fail for good after a few dozen such ends: jobs that kill their workers do.
  expect(await store.snapshot()).toMatchObject({ active: { jobs: 0 }, delayed: { jobs: 1, records: 1 } });
  thaw();
  await worker.start();
  await waitFor(async () => (await dataset.count()) === 2, { what: 'the second record' });
}, 180_000);
