import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { BACKENDS } from '../testing/backends.js';
import { type CrashBench, createCrashBench, ROUNDS } from '../testing/crash-bench.js';
import { between } from '../testing/random.js';

/** In each round locks must expire, and what waits must drain. */
const TEST_MS = 60_000 + ROUNDS * 60_000;

describe.each(BACKENDS)('over %s, accepted records are stored exactly once', (backend) => {
  let bench: CrashBench;
  let close: (() => Promise<void>) | undefined;
  /** Where PostgreSQL is the queue too, its kills leave the API in doubt about what was taken. */
  const counted = { counted: backend === 'redis' };
  beforeAll(async () => {
    bench = await createCrashBench(backend);
    close = () => bench.close();
  }, 240_000);
  afterAll(() => close?.());

  test(
    'when a worker is killed',
    async () => {
      await bench.rounds(async (round) => {
        const victim = bench.workers[round % 2];
        await victim?.kill('SIGKILL');
        await pause(between(0, 300));
        await victim?.start();
      });
    },
    TEST_MS,
  );

  test(
    'when the API is killed',
    async () => {
      await bench.rounds(async () => {
        await bench.api.kill('SIGKILL');
        await pause(between(0, 300));
        await bench.api.start();
      });
      // The kills did meet requests.
      expect(bench.client.with('unknown').length).toBeGreaterThan(0);
    },
    TEST_MS,
  );

  test(
    'when PostgreSQL is killed',
    async () => {
      await bench.rounds(async () => {
        await bench.postgres.kill('SIGKILL');
        await pause(between(0, 500));
        await bench.postgres.restart();
      }, counted);
    },
    TEST_MS,
  );

  test(
    'when a worker is frozen for longer than its lock and then wakes',
    async () => {
      await bench.rounds(async (round) => {
        const frozen = bench.workers[round % 2];
        await frozen?.kill('SIGSTOP');
        // Longer than the lock and the look for stalled jobs: the other worker has everything now.
        await pause(between(2500, 3500));
        await frozen?.kill('SIGCONT');
      }, counted);
    },
    TEST_MS,
  );

  test(
    'when connections are cut in the middle of a COPY',
    async () => {
      const failures = async () => {
        const counts = await Promise.all(bench.workers.map((w) => w.metric('loguro_ingest_storage_failures_total')));
        return counts.reduce((sum, count) => sum + count, 0);
      };
      const before = await failures();
      await bench.rounds(async () => {
        for (let cut = 0; cut < 10; cut += 1) {
          await pause(between(0, 60));
          await bench.owner.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loguro-ingest-worker'",
          );
        }
      }, counted);
      expect(await failures()).toBeGreaterThan(before);
    },
    TEST_MS,
  );

  if (backend === 'redis') {
    test(
      'when Redis is killed',
      async () => {
        await bench.rounds(async () => {
          await bench.redis?.kill('SIGKILL');
          await pause(between(0, 500));
          await bench.redis?.restart();
          await waitFor(async () => (await fetch(`${bench.api.opsUrl}/readyz`)).ok, { what: 'the API to recover' });
        });
      },
      TEST_MS,
    );
  }
});
