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

test('a worker that was just woken is woken again only after the gap', async () => {
  const { waker, asked } = backend(MARKER);
  const started = performance.now();
  const woken: number[] = [];
  for (const blockTimeout of [2, 3, 4]) {
    expect(await waker.waitForJob(blockTimeout)).toEqual(MARKER);
    woken.push(performance.now() - started);
  }
  // Counted from before the first, for a wake-up is noted a moment after it came.
  expect(woken[1]).toBeGreaterThanOrEqual(GAP_MS - EARLY_MS);
  expect(woken[2]).toBeGreaterThanOrEqual(2 * (GAP_MS - EARLY_MS));
  expect(asked).toEqual([2, 3, 4]);
});

test('a wait that ended without a job is not prolonged', async () => {
  const { waker } = backend(null);
  const started = performance.now();
  for (let i = 0; i < 100; i += 1) expect(await waker.waitForJob(1)).toBeNull();
  expect(performance.now() - started).toBeLessThan(100 * GAP_MS);
});
