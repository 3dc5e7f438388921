import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PrivatePostgres, type PrivateRedis, startPostgres, startRedis, waitFor } from '@loguro/testing';
import { Registry } from 'prom-client';
import { BACKENDS, type Bench, createBench, metric, silent } from '../testing/backends.js';
import { testLine } from '../testing/dataset.js';
import { freeze } from '../testing/freeze.js';
import { type IngestQueueOptions, openIngestQueue, QUEUE_DEFAULTS } from './open-ingest-queue.js';
import { openQueueStore } from './open-queue-store.js';
import type { QueueStore } from './queue-store.js';

/** An append must be told no within this, whatever happened to the queue. */
const QUICK_MS = 2500;

const lines = (dataset: number, count = 1) => ({ dataset, lines: testLine('t').repeat(count), count });

function open(url: string, options: Partial<IngestQueueOptions> = {}) {
  return openIngestQueue({ url, logger: silent, registry: new Registry(), redisPolicy: 'warn', ...options });
}

/** Appends until the answer is no, and returns that. */
async function refusal(append: () => Promise<unknown>): Promise<{ code: string; status: number }> {
  for (let tries = 0; tries < 5000; tries += 1) {
    try {
      await append();
    } catch (error) {
      return error as { code: string; status: number };
    }
  }
  throw new Error('Everything was taken.');
}

describe.each(BACKENDS)('appending over %s', (backend) => {
  let bench: Bench;
  let store: QueueStore;
  beforeEach(async () => {
    bench = await createBench(backend);
    store = await openQueueStore({ ...QUEUE_DEFAULTS, url: bench.queueUrl, redisPolicy: 'warn', logger: silent });
  });
  afterEach(async () => {
    await store.close();
    await bench.close();
  });
  const waitingJobs = async () => (await store.snapshot()).waiting.jobs;

  test('appends of one moment share one job, with a chunk per dataset', async () => {
    const registry = new Registry();
    const queue = await bench.openQueue({ registry });
    const ids = await Promise.all([1, 2, 1, 1, 2].map((dataset) => queue.append(lines(dataset))));
    expect(new Set(ids).size).toBe(2);
    expect([ids[2], ids[3], ids[4]]).toEqual([ids[0], ids[0], ids[1]]);
    expect(await waitingJobs()).toBe(1);
    expect((await store.snapshot()).waiting.records).toBe(5);
    expect(await metric(registry, 'loguro_ingest_accepted_records_total')).toBe(5);
  });

  test('large appends are spread over several jobs, but none is divided', async () => {
    const queue = await bench.openQueue();
    const large = { dataset: 1, lines: testLine('x'.repeat(1000)).repeat(900), count: 900 };
    const ids = await Promise.all([large, large, large].map((each) => queue.append(each)));
    expect(new Set(ids).size).toBe(3);
    expect(await waitingJobs()).toBeGreaterThan(1);
    expect((await store.snapshot()).waiting.records).toBe(2700);
  });

  test('past the high-water mark appends are refused as overloaded, and taken again when there is room', async () => {
    const registry = new Registry();
    const queue = await bench.openQueue({ maxWaitingJobs: 3, registry });
    const refused = await refusal(() => queue.append(lines(1)));
    expect(refused).toMatchObject({ code: 'overloaded', status: 503 });
    expect(queue.problem()).toContain('high-water mark');
    await bench.startWorker();
    await waitFor(() => queue.problem() === null, { what: 'the queue to be open again' });
    await queue.append(lines(1));
    expect(await metric(registry, 'loguro_ingest_refused_records_total')).toBe(1);
  });

  test('too much waiting in this process is refused at once', async () => {
    const queue = await bench.openQueue({ maxGatheredBytes: 1000 });
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => queue.append(lines(1, 10))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  test('closing flushes what was appended', async () => {
    const queue = await open(bench.queueUrl);
    const appended = Promise.all([1, 2, 3].map((dataset) => queue.append(lines(dataset))));
    await queue.close();
    await appended;
    expect((await store.snapshot()).waiting.records).toBe(3);
  });
});

describe('when Redis is in trouble', () => {
  let redis: PrivateRedis;
  afterEach(() => redis.stop());

  test.each([
    ['killed', 'SIGKILL'],
    ['frozen', 'SIGSTOP'],
  ] as const)(
    '%s: appends fail quickly as unavailable, memory stays flat, and it recovers by itself',
    async (_, signal) => {
      redis = await startRedis();
      const queue = await open(redis.url);
      await queue.append(lines(1));
      await redis.kill(signal);
      const before = process.memoryUsage().heapUsed;
      const started = performance.now();
      const outcomes = await Promise.allSettled(Array.from({ length: 2000 }, () => queue.append(lines(1, 100))));
      expect(performance.now() - started).toBeLessThan(QUICK_MS);
      const codes = new Set(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'taken')));
      expect([...codes]).toEqual(['unavailable']);
      const again = performance.now();
      await expect(queue.append(lines(1))).rejects.toMatchObject({ code: 'unavailable' });
      // At once: one that asked the frozen server again would wait for the whole of this.
      expect(performance.now() - again).toBeLessThan(QUEUE_DEFAULTS.timeoutMs / 2);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
      if (signal === 'SIGKILL') await redis.restart();
      else await redis.kill('SIGCONT');
      await waitFor(() => queue.append(lines(1)), { what: 'the queue to take records again' });
      await queue.close();
    },
  );

  test('near its memory limit: appends are refused as overloaded and nothing is lost', async () => {
    redis = await startRedis({ settings: { maxmemory: '24mb' } });
    const queue = await open(redis.url);
    let taken = 0;
    const refused = await refusal(async () => {
      await queue.append(lines(1, 2000));
      taken += 2000;
    });
    expect(refused.code).toBe('overloaded');
    expect(taken).toBeGreaterThan(0);
    const store = await openQueueStore({ ...QUEUE_DEFAULTS, url: redis.url, redisPolicy: 'refuse', logger: silent });
    expect((await store.snapshot()).waiting.records).toBe(taken);
    await store.close();
    await queue.close();
  });

  test.each([
    ['maxmemory-policy noeviction', { 'maxmemory-policy': 'allkeys-lru' }],
    ['appendonly yes', { appendonly: 'no' }],
    ['appendfsync always', { appendfsync: 'no' }],
  ])('set up so that it may lose records: it is refused with a sentence that says "%s"', async (advice, settings) => {
    redis = await startRedis({ settings: settings as Record<string, string> });
    await expect(open(redis.url, { redisPolicy: 'refuse' })).rejects.toThrow(advice);
    const tolerant = await open(redis.url, { redisPolicy: 'warn' });
    await tolerant.append(lines(1));
    await tolerant.close();
  });

  test('unreachable at start: the error names the variable', async () => {
    redis = await startRedis();
    await redis.kill('SIGKILL');
    await expect(open(redis.url, { startTimeoutMs: 300 })).rejects.toThrow('LOGURO_QUEUE_URL');
  });
});

test('a queue in PostgreSQL reaches a high-water mark of more than a hundred thousand jobs', async () => {
  const bench = await createBench('postgres');
  const queue = await bench.openQueue({ maxWaitingJobs: 101_000 });
  await queue.append(lines(1));
  const addJobs = (jobs: number) =>
    bench.owner.query(`
      INSERT INTO queue.job (queue, id, seq, name, state, data, opts, priority, max_attempts, added_at_ms)
      SELECT queue, gen_random_uuid() || '.1.10', nextval('queue.job_seq'), name, state, data, opts, 0, max_attempts, added_at_ms
      FROM (SELECT * FROM queue.job LIMIT 1) AS one, generate_series(1, ${jobs})`);
  await addJobs(100_500);
  await waitFor(() => queue.contended(), { what: 'a look at them' });
  await queue.append(lines(1));
  await addJobs(600);
  await waitFor(() => queue.problem()?.includes('high-water mark'), { what: 'the mark to be noticed' });
  await bench.close();
}, 60_000);

describe('when PostgreSQL, as the queue, is in trouble', () => {
  let postgres: PrivatePostgres;
  afterEach(() => postgres.stop());

  test('killed, then frozen: appends fail quickly as unavailable, and it recovers by itself', async () => {
    postgres = await startPostgres();
    const database = await postgres.createDatabase();
    const queue = await open(database.ingestUrl);
    await queue.append(lines(1));
    for (const trouble of ['killed', 'frozen']) {
      const thaw = trouble === 'frozen' ? freeze(postgres.pid) : undefined;
      if (trouble === 'killed') await postgres.kill('SIGKILL');
      const started = performance.now();
      await expect(queue.append(lines(1))).rejects.toMatchObject({ code: 'unavailable' });
      expect(performance.now() - started).toBeLessThan(QUICK_MS);
      if (trouble === 'killed') await postgres.restart();
      thaw?.();
      await waitFor(() => queue.append(lines(1)), { what: 'the queue to take records again', timeoutMs: 20_000 });
    }
    await queue.close();
  }, 60_000);
});
