import { afterEach, describe, expect, test } from '@jest/globals';
import { startPostgres, startRedis, waitFor } from '@loguro/testing';
import { STORE_JOB } from '@loguro/types';
import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { metric, silent } from '../testing/backends.js';
import { Cleanup } from '../testing/cleanup.js';
import { testLine } from '../testing/dataset.js';
import { AWAY, IN_DOUBT, refusalOf } from './flush-failure.js';
import { openIngestQueue, QUEUE_DEFAULTS } from './open-ingest-queue.js';
import { openQueueStore } from './open-queue-store.js';
import { timeOrderedId } from './time-ordered-id.js';

const MIB = 1024 * 1024;
const lines = (count = 1) => ({ dataset: 1, lines: testLine('t').repeat(count), count });

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function privateRedis() {
  const redis = await startRedis();
  cleanup.defer(() => redis.stop());
  return redis;
}

async function openStore(url: string) {
  const store = await openQueueStore({ ...QUEUE_DEFAULTS, url, redisPolicy: 'warn', logger: silent });
  cleanup.defer(() => store.close());
  return store;
}

async function openQueue(url: string, options: { maxMemoryShare?: number } = {}) {
  const registry = new Registry();
  const queue = await openIngestQueue({ url, logger: silent, registry, redisPolicy: 'warn', ...options });
  cleanup.defer(() => queue.close());
  return { queue, registry };
}

const sentenceOf = (append: Promise<unknown>) =>
  append.then(
    () => 'taken',
    (error: Error) => error.message,
  );

test('what was sent to a queue that did not answer is in doubt, and what waited behind it was not accepted', async () => {
  const redis = await privateRedis();
  const { queue } = await openQueue(redis.url);
  await queue.append(lines());
  await redis.kill('SIGSTOP');
  const sent = sentenceOf(queue.append(lines(2)));
  // What comes once the flush has gone out waits for the next.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const waited = sentenceOf(queue.append(lines(4)));
  expect(await Promise.all([sent, waited])).toEqual([IN_DOUBT.sentence, AWAY.sentence]);
  expect(await sentenceOf(queue.append(lines(8)))).toBe(AWAY.sentence);
  await redis.kill('SIGCONT');
  const store = await openStore(redis.url);
  // It had arrived.
  expect((await store.snapshot()).waiting.records).toBe(3);
});

test('when Redis has room for some of the jobs of a flush, each append is told what became of its own', async () => {
  const redis = await privateRedis();
  const { queue, registry } = await openQueue(redis.url, { maxMemoryShare: 1 });
  const store = await openStore(redis.url);
  await queue.append(lines());
  const admin = new Redis(redis.url);
  cleanup.defer(() => admin.disconnect());
  const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
  await admin.config('SET', 'maxmemory', used + 2.5 * MIB);
  // As many as fit into one flush; each is a job.
  const large = { dataset: 1, lines: `${'x'.repeat(MIB - 1)}\n`, count: 1 };
  const sentences = await Promise.all([1, 2, 3, 4].map(() => sentenceOf(queue.append(large))));
  const taken = sentences.filter((sentence) => sentence === 'taken').length;
  const refused = sentences.filter((sentence) => /nothing was accepted/.test(sentence)).length;
  expect([taken > 0, refused > 0, taken + refused]).toEqual([true, true, 4]);
  expect((await store.snapshot()).waiting.records).toBe(1 + taken);
  expect(await metric(registry, 'loguro_ingest_accepted_records_total')).toBe(1 + taken);
  expect(await metric(registry, 'loguro_ingest_refused_records_total')).toBe(refused);
});

describe('nothing was accepted for certain', () => {
  const chunk = { id: timeOrderedId(), dataset: 1, count: 1, at: 0, lines: '' };
  const job = { v: 1 as const, chunks: [chunk] };

  test('when Redis, or PostgreSQL, is known to be away', async () => {
    const redis = await privateRedis();
    const postgres = await startPostgres();
    cleanup.defer(() => postgres.stop());
    const stores = [await openStore(redis.url), await openStore((await postgres.createDatabase()).ingestUrl)];
    await redis.kill('SIGKILL');
    await postgres.kill('SIGKILL');
    for (const { kind, queue } of stores) {
      // The command that finds out is in doubt; those after it are not.
      const refusal = () => queue.add(STORE_JOB, job).then(() => null, refusalOf);
      await waitFor(async () => (await refusal()) === AWAY, { what: `${kind} to be known to be away` });
    }
  });

  test('when PostgreSQL refuses the statement, or Redis the command', async () => {
    const redis = await privateRedis();
    const admin = new Redis(redis.url);
    cleanup.defer(() => admin.disconnect());
    const inRedis = await openStore(redis.url);
    await admin.replicaof('127.0.0.1', 1);
    const postgres = await startPostgres();
    cleanup.defer(() => postgres.stop());
    const inPostgres = await openStore((await postgres.createDatabase()).ingestUrl);
    const refused = await Promise.all([
      inRedis.queue.add(STORE_JOB, job).catch(refusalOf),
      inPostgres.queue.add(STORE_JOB, { v: 1, chunks: [{ ...chunk, lines: 'not\0in jsonb' }] }).catch(refusalOf),
    ]);
    expect(refused).toEqual([AWAY, AWAY]);
  });
});
