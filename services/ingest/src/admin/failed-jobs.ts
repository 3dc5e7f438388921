import type { StoreJob } from '@loguro/types';
import type { Job } from 'bullmq';
import type { Session } from '../ledger/database-lane.js';
import { type LedgerRow, SELECT_COMMITTED, SELECT_DATASETS } from '../ledger/ledger-sql.js';
import type { QueueStore } from '../queue/queue-store.js';

/** What replaying a chunk would do: it was stored already, its dataset is deleted, or it would be stored. */
export type ChunkFate = 'stored' | 'discard' | 'store';

/** A job that the worker gave up. */
export interface FailedJob {
  id: string;
  queuedAt: string;
  failedAt: string | null;
  attempts: number;
  reason: string;
  chunks: { id: string; dataset: number; count: number; fate: ChunkFate }[];
}

/** Jobs read at once: payloads are large. */
const PAGE = 50;

/** The failed jobs, or those with the given ids, with what a replay would do; the queue is left as it is. */
export async function listFailed(
  store: QueueStore,
  session: Session,
  { ids = [], limit = Number.POSITIVE_INFINITY }: { ids?: readonly string[]; limit?: number } = {},
): Promise<FailedJob[]> {
  const found: FailedJob[] = [];
  for await (const job of failedJobs(store, ids)) {
    if (found.length >= limit) break;
    found.push(await describe(job, session));
  }
  return found;
}

/**
 * Puts failed jobs back into the queue with all their tries. What of them was stored before is not stored
 * again: the ledger keeps every row that a job in the queue may still ask for.
 *
 * @returns the ids of the jobs put back
 */
export async function replayFailed(store: QueueStore, ids: readonly string[]): Promise<string[]> {
  const failed: Job<StoreJob>[] = [];
  // All ids first: a job put back leaves the list that is being read.
  for await (const job of failedJobs(store, ids)) failed.push(job);
  const replayed: string[] = [];
  for (const job of failed) {
    await job.retry('failed', { resetAttemptsMade: true });
    replayed.push(job.id ?? '');
  }
  return replayed;
}

async function* failedJobs(store: QueueStore, ids: readonly string[]): AsyncGenerator<Job<StoreJob>> {
  for (const id of ids) {
    const job: Job<StoreJob> | undefined = await store.queue.getJob(id);
    if (job !== undefined && (await job.isFailed())) yield job;
  }
  if (ids.length > 0) return;
  for (let start = 0; ; start += PAGE) {
    const page: Job<StoreJob>[] = await store.queue.getFailed(start, start + PAGE - 1);
    yield* page;
    if (page.length < PAGE) return;
  }
}

async function describe(job: Job<StoreJob>, session: Session): Promise<FailedJob> {
  const chunks = Array.isArray(job.data.chunks) ? job.data.chunks : [];
  const committed = await session.query<LedgerRow>(SELECT_COMMITTED, [chunks.map(({ id }) => id)]);
  const datasets = await session.query<{ id: number }>(SELECT_DATASETS, [chunks.map(({ dataset }) => dataset)]);
  const stored = new Set(committed.map((row) => row.chunk_id));
  const existing = new Set(datasets.map((row) => row.id));
  return {
    id: job.id ?? '',
    queuedAt: new Date(job.timestamp).toISOString(),
    failedAt: job.finishedOn === undefined ? null : new Date(job.finishedOn).toISOString(),
    attempts: job.attemptsMade,
    reason: job.failedReason ?? '',
    chunks: chunks.map(({ id, dataset, count }) => {
      const fate = stored.has(id) ? 'stored' : existing.has(dataset) ? 'store' : 'discard';
      return { id, dataset, count, fate };
    }),
  };
}
