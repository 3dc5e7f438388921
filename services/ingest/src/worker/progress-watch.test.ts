import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ProgressWatch } from './progress-watch.js';

let waits: boolean | null;
let done: number;
let stuck: number[];
let hopeless: number[];
let watch: ProgressWatch;
beforeEach(() => {
  jest.useFakeTimers();
  waits = true;
  done = 0;
  stuck = [];
  hopeless = [];
  watch = new ProgressWatch({
    progress: () => done,
    workWaits: async () => {
      if (waits === null) throw new Error('away');
      return waits;
    },
    stuckAfterMs: 5000,
    hopelessAfterMs: 10_000,
    lookEveryMs: 1000,
    onStuck: (seconds) => stuck.push(seconds),
    onHopeless: (seconds) => hopeless.push(seconds),
  });
  watch.start();
});
afterEach(async () => {
  await watch.stop();
  jest.useRealTimers();
});

test('says once that the worker is stuck, and once that it is hopeless', async () => {
  await jest.advanceTimersByTimeAsync(30_000);
  expect(stuck).toHaveLength(1);
  expect(hopeless).toHaveLength(1);
  expect(watch.stuckSeconds).toBeGreaterThanOrEqual(10);
});

test('is content while anything gets done', async () => {
  for (let second = 0; second < 30; second += 1) {
    if (second % 4 === 0) done += 1;
    await jest.advanceTimersByTimeAsync(1000);
  }
  expect([stuck, watch.stuckSeconds]).toEqual([[], null]);
});

test('is content while no work waits, or while that can not be told', async () => {
  waits = false;
  await jest.advanceTimersByTimeAsync(30_000);
  waits = null;
  await jest.advanceTimersByTimeAsync(30_000);
  expect(stuck).toEqual([]);
});

test('says it anew when the worker gets stuck again', async () => {
  await jest.advanceTimersByTimeAsync(7000);
  done += 1;
  await jest.advanceTimersByTimeAsync(2000);
  expect(watch.stuckSeconds).toBeNull();
  await jest.advanceTimersByTimeAsync(7000);
  expect([stuck.length, hopeless.length]).toEqual([2, 0]);
});
