import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LoguroError } from '../errors.js';
import { delay, retryDelay, withRetries } from './retry.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const overloaded = (retryAfterMs?: number) => new LoguroError('overloaded', 'Too much', { status: 503, retryAfterMs });

/** Fails so often, then succeeds; remembers when it was tried. */
function failing(times: number, error: LoguroError) {
  const tried: number[] = [];
  const start = Date.now();
  return {
    tried,
    attempt: async () => {
      tried.push(Date.now() - start);
      if (tried.length <= times) throw error;
      return 'done';
    },
  };
}

test('the bound of the delay doubles up to 20 seconds, and each delay lies in its upper half', () => {
  for (let failures = 0; failures < 20; failures++) {
    const bound = Math.min(20_000, 200 * 2 ** failures);
    const delays = Array.from({ length: 200 }, () => retryDelay(failures));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(bound / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(bound);
    // Jitter: clients that failed together come back apart.
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(bound / 4);
  }
});

test('no retry comes before the time the server asked for', async () => {
  expect(retryDelay(0, 5000)).toBeGreaterThanOrEqual(5000);
  const { attempt, tried } = failing(1, overloaded(5000));
  const result = withRetries(attempt, { retryForMs: 60_000 });
  await jest.advanceTimersByTimeAsync(4999);
  expect(tried).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(500);
  await expect(result).resolves.toBe('done');
  expect(tried[1]).toBeGreaterThanOrEqual(5000);
});

test('retries go on until the time for them is used up, then the last failure is thrown', async () => {
  const error = overloaded();
  const { attempt, tried } = failing(Number.POSITIVE_INFINITY, error);
  const failure = withRetries(attempt, { retryForMs: 10_000 }).catch((thrown: unknown) => thrown);
  await jest.advanceTimersByTimeAsync(10_000);
  await expect(failure).resolves.toBe(error);
  expect(tried.length).toBeGreaterThan(4);
  expect(tried.at(-1)).toBeLessThanOrEqual(10_000);
});

test('a wish to wait longer than there is time fails at once, without waiting for nothing', async () => {
  const error = overloaded(60_000);
  const { attempt, tried } = failing(1, error);
  await expect(withRetries(attempt, { retryForMs: 30_000 })).rejects.toBe(error);
  expect(tried).toEqual([0]);
});

test('what cannot succeed later is not tried again, nor is a fault of the caller', async () => {
  const refused = new LoguroError('invalid_record', 'Bad', { status: 400 });
  const { attempt, tried } = failing(1, refused);
  await expect(withRetries(attempt, { retryForMs: 30_000 })).rejects.toBe(refused);
  expect(tried).toHaveLength(1);
  const bug = new TypeError('x is not a function');
  await expect(withRetries(() => Promise.reject(bug), { retryForMs: 30_000 })).rejects.toBe(bug);
});

test('each retry is told with its reason and its delay', async () => {
  const told: [string, number][] = [];
  const { attempt } = failing(2, overloaded());
  const onRetry = (error: LoguroError, ms: number) => told.push([error.code, ms]);
  const result = withRetries(attempt, { retryForMs: 30_000, onRetry });
  await jest.advanceTimersByTimeAsync(1000);
  await expect(result).resolves.toBe('done');
  expect(told.map(([code]) => code)).toEqual(['overloaded', 'overloaded']);
});

test('an abort ends the waiting at once', async () => {
  const controller = new AbortController();
  const { attempt, tried } = failing(1, overloaded(20_000));
  const failure = withRetries(attempt, { retryForMs: 60_000, signal: controller.signal }).catch(
    (thrown: unknown) => thrown,
  );
  await jest.advanceTimersByTimeAsync(10);
  controller.abort();
  await expect(failure).resolves.toMatchObject({ code: 'aborted' });
  expect(tried).toHaveLength(1);
  await expect(delay(1000, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  expect(jest.getTimerCount()).toBe(0);
});

test('a wish to wait for longer than a timer takes is not answered with a retry at once', async () => {
  const controller = new AbortController();
  const { attempt, tried } = failing(5, overloaded(1e10));
  const { signal } = controller;
  const failure = withRetries(attempt, { retryForMs: Number.POSITIVE_INFINITY, signal }).catch(() => 'ended');
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(tried).toHaveLength(1);
  controller.abort();
  await expect(failure).resolves.toBe('ended');
});
