import { setTimeout as delay } from 'node:timers/promises';
import type { IQueueBackend } from 'bullmq';

/**
 * Makes a worker that keeps up with its queue wake up less often.
 *
 * Such a worker is told of each job as it comes, and then pays several round trips for a job that may hold a
 * handful of records. After one wake-up it is told of the next only `gapMs` later: what came meanwhile is fetched,
 * stored and ended together, which halves what a small job costs worker and Redis. A job that comes to a
 * resting worker is still taken at once, and a worker with a backlog never asks to be woken.
 *
 * @param factory of one of BullMQ's storage backends
 * @returns a factory of the same backend with longer rests
 */
export function inWaves<A extends unknown[], B extends Pick<IQueueBackend, 'waitForJob'>>(
  factory: (...args: A) => B,
  gapMs: number,
): (...args: A) => B {
  return (...args) => {
    const backend = factory(...args);
    const waitForJob = backend.waitForJob.bind(backend);
    let wokeAt = Number.NEGATIVE_INFINITY;
    backend.waitForJob = async (blockTimeout) => {
      const marker = await waitForJob(blockTimeout);
      const rest = wokeAt + gapMs - performance.now();
      if (marker !== null && rest > 0) await delay(rest);
      wokeAt = performance.now();
      return marker;
    };
    return backend;
  };
}
