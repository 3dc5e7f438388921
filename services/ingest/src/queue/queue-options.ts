import type { DefaultJobOptions } from 'bullmq';

/** Events are read by no one of ours; a few are kept for people who look at the queue with other tools. */
export const KEPT_EVENTS = 1000;

/** The name of our retry strategy; see {@link retryDelayMs}. */
const BACKOFF_TYPE = 'capped';
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/**
 * Tries of a job whose chunks can't be stored for a reason of their own (a table that stays locked, a
 * missing permission); with {@link retryDelayMs} about a day. An outage of PostgreSQL costs none: the
 * worker then holds its jobs. After the last one the job stays as failed, to be replayed.
 */
const ATTEMPTS = 1500;

/** What every job is added with. Done jobs leave no trace in the queue: the ledger is the memory. */
export const JOB_OPTIONS: DefaultJobOptions = {
  attempts: ATTEMPTS,
  backoff: { type: BACKOFF_TYPE },
  removeOnComplete: true,
  removeOnFail: false,
  stackTraceLimit: 1,
};

/** How long after its n-th failure a job is tried again, in milliseconds: doubling, capped, with jitter. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20), LAST_RETRY_MS);
  return Math.round(full * (0.75 + random() / 2));
}
