import { describe, expect, test } from '@jest/globals';
import { FairShare } from './fair-share.js';

const KIB_64 = 64 * 1024;

/** Serves chunks in the order of their priorities, first in first out among equals. */
function serve(chunks: { dataset: number; priority: number }[]): number[] {
  return chunks
    .map((chunk, index) => ({ ...chunk, index }))
    .sort((a, b) => a.priority - b.priority || a.index - b.index)
    .map(({ dataset }) => dataset);
}

describe('fair share', () => {
  test('gives no priorities while the queue is short', () => {
    const fair = new FairShare();
    expect([fair.priority(1, 1e6), fair.priority(1, 1e6)]).toEqual([0, 0]);
  });

  test('queues a dataset behind its own backlog, and lets a newcomer join at the front', () => {
    const fair = new FairShare();
    fair.observe(true, 0);
    const chunks = Array.from({ length: 100 }, () => ({ dataset: 1, priority: fair.priority(1, KIB_64) }));
    chunks.push({ dataset: 2, priority: fair.priority(2, KIB_64) });
    expect(serve(chunks).indexOf(2)).toBe(1);
  });

  test('shares evenly, by bytes, among datasets that are busy at once', () => {
    const fair = new FairShare();
    fair.observe(true, 0);
    const chunks: { dataset: number; priority: number }[] = [];
    for (let chunk = 0; chunk < 100; chunk += 1) chunks.push({ dataset: 1, priority: fair.priority(1, KIB_64) });
    for (let chunk = 0; chunk < 50; chunk += 1) chunks.push({ dataset: 2, priority: fair.priority(2, 2 * KIB_64) });
    const firstHalf = serve(chunks).slice(0, 75);
    const bytes = (dataset: number, each: number) => firstHalf.filter((served) => served === dataset).length * each;
    expect(Math.abs(bytes(1, 1) - bytes(2, 2))).toBeLessThanOrEqual(2);
  });

  test('joins at the front as the queue knows it, not where an idle process left off', () => {
    const fair = new FairShare();
    fair.observe(true, 500);
    expect(fair.priority(1, 10)).toBe(500);
    fair.observe(true, 400);
    expect(fair.priority(2, 10)).toBe(500);
  });

  test('forgets everything when the queue is short again', () => {
    const fair = new FairShare();
    fair.observe(true, 500);
    fair.priority(1, 100 * KIB_64);
    fair.observe(false, 0);
    fair.observe(true, 3);
    expect(fair.priority(1, 10)).toBe(3);
  });

  test('still lets a newcomer join at the front when there has been no pause for a TiB', () => {
    const fair = new FairShare();
    const mib = 1024 * 1024;
    fair.observe(true, 0);
    for (let done = 0; done < mib; done += 16) fair.observe(true, fair.priority(1, 16 * mib));
    const chunks = Array.from({ length: 100 }, () => ({ dataset: 1, priority: fair.priority(1, mib) }));
    chunks.push({ dataset: 2, priority: fair.priority(2, mib) });
    expect(serve(chunks).indexOf(2)).toBeLessThan(20);
  });

  test('never exceeds the largest priority the queue knows', () => {
    const fair = new FairShare();
    fair.observe(true, 0);
    fair.priority(1, Number.MAX_SAFE_INTEGER);
    expect(fair.priority(1, 1)).toBe(2_097_151);
  });
});
