import { expect, test } from '@jest/globals';
import { FreshCache, type Freshness } from './fresh-cache.js';

/** A database of numbers whose reads end when the test says so. */
function setUp(covered = true) {
  const feed = {
    epoch: 1,
    covers(epoch: number) {
      return covered && epoch === this.epoch;
    },
  } satisfies Freshness;
  const reads: { finish: () => void; fail: () => void }[] = [];
  let stored = 1;
  const cache = new FreshCache<string, number>({
    max: 2,
    feed,
    load: () => {
      const seen = stored;
      return new Promise((resolve, reject) =>
        reads.push({ finish: () => resolve(seen), fail: () => reject(new Error('away')) }),
      );
    },
  });
  return {
    cache,
    feed,
    reads,
    change(value: number) {
      stored = value;
      cache.drop('k');
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('any number of callers share one load', async () => {
  const { cache, reads } = setUp();
  const asked = Array.from({ length: 100 }, () => cache.get('k', 0));
  expect(reads).toHaveLength(1);
  reads[0]?.finish();
  expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
  expect(cache.get('k', 0)).toBe(1);
  expect(reads).toHaveLength(1);
});

test('a change during a load is neither missed nor cached over: it is read again', async () => {
  const { cache, reads, change } = setUp();
  const asked = cache.get('k', 0);
  change(2);
  reads[0]?.finish();
  await turn();
  expect(reads).toHaveLength(2);
  reads[1]?.finish();
  expect(await asked).toBe(2);
  expect(cache.get('k', 0)).toBe(2);
});

test('losing the feed during a load outdates it as well', async () => {
  const { cache, feed, reads } = setUp();
  const asked = cache.get('k', 0);
  feed.epoch += 1;
  cache.clear();
  reads[0]?.finish();
  await turn();
  reads[1]?.finish();
  await asked;
  expect(cache.peek('k', 0)).toBe(1);
});

test('an entry of an earlier connection is not trusted once its half second is over', async () => {
  const { cache, feed, reads } = setUp();
  const asked = cache.get('k', 0);
  reads[0]?.finish();
  await asked;
  feed.epoch += 1;
  const now = performance.now();
  expect(cache.peek('k', now)).toBe(1);
  expect(cache.peek('k', now + 500)).toBeUndefined();
});

test('a failed load is told to all who wait, kept by no one, and tried again by the next', async () => {
  const { cache, reads } = setUp();
  const asked = [cache.get('k', 0), cache.get('k', 0)];
  reads[0]?.fail();
  for (const promise of asked) await expect(promise).rejects.toThrow('away');
  const again = cache.get('k', 0);
  reads[1]?.finish();
  expect(await again).toBe(1);
});

test('a value that changes without end is given out in the end, and not kept', async () => {
  const { cache, reads, change } = setUp();
  const asked = cache.get('k', 0);
  for (let i = 0; i < 5; i++) {
    change(i + 2);
    reads[i]?.finish();
    await turn();
  }
  expect(await asked).toBeLessThanOrEqual(6);
  expect(cache.peek('k', 0)).toBeUndefined();
});
