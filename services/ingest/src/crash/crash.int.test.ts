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
  beforeAll(async () => {
    bench = await createCrashBench(backend);
    close = () => bench.close();
  }, 240_000);
  afterAll(() => close?.());

  test(
    'by two APIs and two workers, which divide the work',
    async () => {
      const counts = async () => {
        const [accepted, stored] = ['loguro_ingest_accepted_records_total', 'loguro_ingest_stored_records_total'];
        const processes = [
          ...bench.apis.map((api) => api.metric(accepted)),
          ...bench.workers.map((w) => w.metric(stored)),
        ];
        return Promise.all(processes);
      };
      await bench.rounds(async () => {
        await waitFor(async () => (await counts()).every((count) => count > 0), { what: 'each to have had a part' });
      });
      expect(bench.client.batches.some(({ outcomes }) => outcomes.length > 1)).toBe(true);
    },
    TEST_MS,
  );

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
    'when an API is killed',
    async () => {
      await bench.rounds(async (round) => {
        const victim = bench.apis[round % 2];
        await victim?.kill('SIGKILL');
        await pause(between(0, 300));
        await victim?.start();
      });
      // The kills did meet requests.
      expect(bench.client.with('doubtful').length).toBeGreaterThan(0);
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
      });
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
      });
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
      });
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
          for (const { opsUrl } of bench.apis) {
            await waitFor(async () => (await fetch(`${opsUrl}/readyz`)).ok, { what: 'the APIs to recover' });
          }
        });
      },
      TEST_MS,
    );
  }
});
