import { LoguroError } from '../errors.js';

/** When to try again, and for how long. */
export interface RetryOptions {
  /** Milliseconds after the first attempt within which the last one may start. 0: never retry. */
  retryForMs: number;
  signal?: AbortSignal | undefined;
  /** Told before each wait. */
  onRetry?: ((error: LoguroError, delayMs: number) => void) | undefined;
  /** Which failures are worth it. Default: {@link LoguroError.retryable}. */
  when?: (error: LoguroError) => boolean;
}

/** The first delay is at most this, and the bound doubles each time. */
const BASE_DELAY_MS = 200;
const MAX_DELAY_MS = 20_000;
/** The longest a timer takes, 24 days; what is longer would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Runs an attempt until it succeeds, fails for good, or the time for retries is used up. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const lastStart = performance.now() + options.retryForMs;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LoguroError) || !(options.when?.(error) ?? error.retryable)) throw error;
      const delayMs = retryDelay(failures, error.retryAfterMs);
      if (performance.now() + delayMs > lastStart) throw error;
      options.onRetry?.(error, delayMs);
      await delay(delayMs, options.signal);
    }
  }
}

/**
 * Back-off with jitter: anything between half and the whole of a bound that doubles, so that clients that failed
 * together don't return together. What the server asked for comes on top, never less.
 */
export function retryDelay(failures: number, retryAfterMs = 0): number {
  const bound = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** failures);
  return retryAfterMs + bound * (0.5 + Math.random() / 2);
}

/** @throws LoguroError `aborted` as soon as the signal fires */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new LoguroError('aborted', 'A retry was aborted by its caller', { cause: signal?.reason }));
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
