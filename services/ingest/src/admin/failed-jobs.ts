import type { StoreJob } from '@loguro/types';
import type { Job } from 'bullmq';
import type { Session } from '../ledger/database-lane.js';
import { type LedgerRow, SELECT_COMMITTED, SELECT_DATASETS } from '../ledger/ledger-sql.js';
import { parseJobId } from '../queue/job-id.js';
import type { QueueStore } from '../queue/queue-store.js';
import { requeue } from '../queue/requeue.js';

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
 * Puts failed jobs back into the queue, as if they had never been tried. What of them was stored before is not stored
 * again: the ledger keeps every row that a job in the queue may still ask for.
 *
 * A job can't be put back as it is: BullMQ keeps counting the workers that died with it, and one that failed for that
 * would fail again with the next.
 *
 * @returns the ids of the jobs put back
 */
export async function replayFailed(store: QueueStore, ids: readonly string[]): Promise<string[]> {
  const replayed: string[] = [];
  for await (const job of failedJobs(store, ids)) {
    const id = job.id ?? '';
    const { records, bytes } = parseJobId(id) ?? { records: 0, bytes: 0 };
    const old = { queuedAt: job.timestamp, priority: job.opts.priority ?? 0 };
    await requeue(store.queue, old, { data: job.data, records, bytes });
    await job.remove();
    replayed.push(id);
  }
  return replayed;
}

/** One after the other: payloads are large, ids are not. */
async function* failedJobs(store: QueueStore, ids: readonly string[]): AsyncGenerator<Job<StoreJob>> {
  for (const id of ids.length > 0 ? ids : await store.queue.getRanges(['failed'], 0, -1)) {
    const job: Job<StoreJob> | undefined = await store.queue.getJob(id);
    if (job !== undefined && (await job.isFailed())) yield job;
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
