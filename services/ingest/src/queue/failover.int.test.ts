import { afterEach, test } from '@jest/globals';
import { startForwarder, startRedis, waitFor } from '@loguro/testing';
import { Redis } from 'ioredis';
import { createBench } from '../testing/backends.js';
import { Cleanup } from '../testing/cleanup.js';
import { createDataset, testLine } from '../testing/dataset.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function server(): Promise<{ port: number; redis: Redis }> {
  const { url, stop } = await startRedis();
  cleanup.defer(() => stop());
  const redis = new Redis(url);
  cleanup.defer(() => redis.disconnect());
  return { port: Number(new URL(url).port), redis };
}

test('API and worker follow the primary when the one they are connected to is made a replica', async () => {
  const bench = await createBench('redis');
  const [first, second] = [await server(), await server()];
  await second.redis.replicaof('127.0.0.1', first.port);
  let primary = first.port;
  const address = await startForwarder(() => primary);
  cleanup.defer(() => address.close());
  cleanup.defer(() => bench.close());
  const url = `redis://127.0.0.1:${address.port}`;

  const dataset = await createDataset(bench.owner);
  const queue = await bench.openQueue({ url });
  await bench.startWorker({ queueUrl: url });
  const append = (name: string) => queue.append({ dataset: dataset.id, lines: testLine(name), count: 1 });
  await append('before');
  await waitFor(async () => (await dataset.count()) === 1, { what: 'the first record to be stored' });
  await waitFor(async () => /master_link_status:up/.test(await second.redis.info('replication')), {
    what: 'the replica to follow',
  });

  // No connection is closed.
  await second.redis.replicaof('NO', 'ONE');
  await first.redis.replicaof('127.0.0.1', second.port);
  primary = second.port;

  await waitFor(() => append('after'), { what: 'records to be taken again', intervalMs: 100 });
  await waitFor(async () => (await dataset.values('__traceId')).includes('after'), {
    timeoutMs: 20_000,
    what: 'the worker to take jobs again',
  });
}, 60_000);
