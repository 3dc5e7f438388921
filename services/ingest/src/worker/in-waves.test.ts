import { expect, test } from '@jest/globals';
import { inWaves } from './in-waves.js';

const GAP_MS = 40;
/** Timers may fire a little early. */
const EARLY_MS = 2;
const MARKER = { member: '0', score: 0 };

/** A backend that always has a job, or never. */
function backend(marker: typeof MARKER | null) {
  const asked: number[] = [];
  const factory = () => ({
    async waitForJob(blockTimeout: number) {
      asked.push(blockTimeout);
      return marker;
    },
  });
  return { asked, waker: inWaves(factory, GAP_MS)() };
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

test('a resting worker is woken at once, a worker that was just woken only after the gap', async () => {
  const { waker, asked } = backend(MARKER);
  expect(await waker.waitForJob(2)).toEqual(MARKER);
  const second = await timeOf(() => waker.waitForJob(3));
  const third = await timeOf(() => waker.waitForJob(4));
  expect(second).toBeGreaterThanOrEqual(GAP_MS - EARLY_MS);
  expect(third).toBeGreaterThanOrEqual(GAP_MS - EARLY_MS);
  expect(asked).toEqual([2, 3, 4]);
});

test('a wait that ended without a job is not prolonged', async () => {
  const { waker } = backend(null);
  const waits = await timeOf(async () => {
    for (let i = 0; i < 20; i += 1) expect(await waker.waitForJob(1)).toBeNull();
  });
  expect(waits).toBeLessThan(20 * GAP_MS);
});
