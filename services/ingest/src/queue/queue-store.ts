import type { StoreJob } from '@loguro/types';
import type { Queue } from 'bullmq';

/** How full the queue is, from a few cheap reads. */
export interface QueuePressure {
  /** Jobs a worker could take now. */
  waitingJobs: number;
  /** Jobs that wait for their next try. */
  delayedJobs: number;
  /** What the queue takes: of memory for Redis, of waiting payloads for PostgreSQL, in bytes. */
  usedBytes: number;
  /** Past this much the store itself is in danger, in bytes; null when it knows no limit. */
  limitBytes: number | null;
  /** Priority of the next job; 0 when none waits or it has none. */
  front: number;
}

/** States of a job that is not done. */
export const PENDING_STATES = ['waiting', 'active', 'delayed', 'failed'] as const;
export type PendingState = (typeof PENDING_STATES)[number];

/** BullMQ's queue, as far as we use it; the same over both backends. */
export type JobQueue = Pick<
  Queue<StoreJob>,
  'add' | 'addBulk' | 'getFailedCount' | 'getJob' | 'getRanges' | 'waitUntilReady'
>;

/** What is in the queue, exactly, at one instant. */
export type QueueSnapshot = Record<PendingState, { jobs: number; records: number; oldest: number | null }>;

/** The queue as its storage backend knows it, beside BullMQ's own interface. */
export interface QueueStore {
  readonly kind: 'redis' | 'postgres';
  readonly queue: JobQueue;
  /** Whether a failed `addBulk` has added nothing. */
  readonly bulkIsAtomic: boolean;
  /** Cheap enough to be asked several times a second. */
  pressure(): Promise<QueuePressure>;
  /** Reads every id in the queue: for a scrape or a command, not for a hot path. */
  snapshot(): Promise<QueueSnapshot>;
  close(): Promise<void>;
}

/** A snapshot with nothing in it. */
export function emptySnapshot(): QueueSnapshot {
  const none = () => ({ jobs: 0, records: 0, oldest: null });
  return { waiting: none(), active: none(), delayed: none(), failed: none() };
}
