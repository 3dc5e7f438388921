import { STORE_JOB, type StoreJob } from '@loguro/types';
import { newJobId } from './job-id.js';
import type { JobQueue } from './queue-store.js';

/** A job whose payload, or a part of it, is queued anew. */
export interface OldJob {
  /** When it was queued, in milliseconds since the epoch. */
  queuedAt: number;
  /** As in BullMQ; 0: none. */
  priority: number;
}

/** What is queued anew; `delayMs`: when it may be taken, from now. */
export interface Requeued {
  data: StoreJob;
  records: number;
  /** Of its lines. */
  bytes: number;
  delayMs?: number;
}

/**
 * Queues a payload as a job with all its tries, on which no stall is counted. It is as old as the job that it came
 * from: the ledger keeps what is younger than the oldest job.
 *
 * The caller ends the old job afterwards. Should it never get there, the ledger lets only one of the two store a chunk.
 */
export async function requeue(
  queue: JobQueue,
  old: OldJob,
  { data, records, bytes, delayMs }: Requeued,
): Promise<void> {
  await queue.add(STORE_JOB, data, {
    jobId: newJobId(records, bytes, old.queuedAt),
    timestamp: old.queuedAt,
    ...(old.priority > 0 && { priority: old.priority }),
    // BullMQ counts from the timestamp.
    ...(delayMs !== undefined && { delay: Math.max(0, Date.now() - old.queuedAt) + delayMs }),
  });
}
