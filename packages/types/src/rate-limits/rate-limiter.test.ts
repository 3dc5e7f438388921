import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { RateLimiter } from './rate-limiter.js';

// The buckets read performance.now(): a clock that the test turns makes every figure exact.
beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});
const seconds = (n: number) => jest.advanceTimersByTime(n * 1000);

const POLICY = { name: 'requests', quota: 60, windowSeconds: 60 };

describe('a rate limiter', () => {
  test('lets a whole quota through at once and then one unit each time it comes back', () => {
    const limiter = new RateLimiter(POLICY);
    const taken = Array.from({ length: 61 }, () => limiter.take('a'));
    expect(taken.indexOf(false)).toBe(60);
    expect(limiter.report('a')).toEqual({ policy: POLICY, remaining: 0, resetSeconds: 60 });
    expect(limiter.retryAfterSeconds('a')).toBe(1);
    expect(limiter.retryAfterSeconds('a', 30)).toBe(30);
    seconds(1);
    expect([limiter.take('a'), limiter.take('a')]).toEqual([true, false]);
    seconds(3600);
    expect(limiter.report('a')).toMatchObject({ remaining: 60, resetSeconds: 0 });
  });

  test('keeps keys apart', () => {
    const limiter = new RateLimiter<number>({ ...POLICY, quota: 1 });
    expect([limiter.take(1), limiter.take(1), limiter.take(2)]).toEqual([true, false, true]);
  });

  test('takes all units asked for, or none', () => {
    const limiter = new RateLimiter(POLICY);
    expect(limiter.take('a', 61)).toBe(false);
    expect(limiter.take('a', 59)).toBe(true);
    expect(limiter.take('a', 2)).toBe(false);
    expect(limiter.report('a').remaining).toBe(1);
    // More than there can ever be is answered as the most there can be.
    expect(limiter.retryAfterSeconds('a', 10_000)).toBe(59);
  });

  test('can be asked without using anything, and without learning a new key', () => {
    const limiter = new RateLimiter({ ...POLICY, quota: 1 });
    expect(limiter.hasLeft('a')).toBe(true);
    expect(limiter.size).toBe(0);
    limiter.take('a');
    expect(limiter.hasLeft('a')).toBe(false);
    seconds(60);
    expect(limiter.hasLeft('a')).toBe(true);
  });
});

test('a flood of distinct keys is remembered up to the limit, and no further', () => {
  const limiter = new RateLimiter(POLICY, 1000);
  for (let i = 0; i < 200_000; i++) limiter.take(`198.51.${i}`);
  expect(limiter.size).toBe(1000);
});

test('whoever keeps coming is remembered through a flood of others', () => {
  const limiter = new RateLimiter({ ...POLICY, quota: 10 }, 100);
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    limiter.take(`stranger ${i}`);
    if (i % 50 === 0 && !limiter.take('regular')) refused += 1;
  }
  expect(refused).toBe(90);
});
