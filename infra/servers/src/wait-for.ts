import { setTimeout as delay } from 'node:timers/promises';

/** Options of {@link waitFor}. */
export interface WaitOptions {
  /** Default 10 000. */
  timeoutMs?: number;
  /** What is waited for, for the error: "the worker to be ready". */
  what: string;
  /** Between two checks; default 20. */
  intervalMs?: number;
}

/**
 * Polls until `check` returns something truthy, and returns that. A check that throws counts as "not yet".
 *
 * @throws Error that names `what`, caused by the last thing `check` threw, once the time is up
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, what, intervalMs = 20 }: WaitOptions,
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await check();
      if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(intervalMs);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause });
}
