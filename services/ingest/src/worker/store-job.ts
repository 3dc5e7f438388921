import { loggableMessage } from '@loguro/types/operations';
import type { Logger } from 'pino';
import type { HeldChunk } from '../ledger/held-chunk.js';
import type { StoreResult } from '../ledger/store-chunks.js';
import type { WorkerMetrics } from '../metrics.js';
import { retryDelayMs } from '../queue/queue-options.js';
import type { QueueStore } from '../queue/queue-store.js';
import { requeue } from '../queue/requeue.js';
import { receiptOf } from '../records/receipt-id.js';
import { requestIdsOf, traceIdsOf } from '../records/request-ids.js';
import type { CopySink } from './copy-sink.js';
import type { Delivery } from './queue-worker.js';

const NOT_STORED = 'chunks could not be stored:';

/** What the queue says of a job's earlier attempts. */
export interface Attempts {
  /** The present one included. */
  attemptsStarted: number;
  /** Those whose failure the queue heard of. */
  attemptsMade: number;
  /** Of the last failure. */
  failedReason?: string | undefined;
}

/**
 * Whether an earlier attempt may have settled chunks: the queue never heard how it ended, or heard of a failure that is
 * not {@link storeJob}'s, such as its own when the job was to be ended and PostgreSQL, which was the queue, was not there.
 */
export function mayHaveSettled({ attemptsStarted, attemptsMade, failedReason = '' }: Attempts): boolean {
  return attemptsStarted - 1 > attemptsMade || (attemptsMade > 0 && !failedReason.includes(NOT_STORED));
}

/** What {@link storeJob} works with. */
export interface JobTools {
  sink: CopySink;
  store: QueueStore;
  metrics: WorkerMetrics;
  logger: Logger;
}

/**
 * Settles every chunk of a job, or fails it, to be tried again. When only some of its chunks could be stored, the others
 * become a job of their own and this one is done: what is pending is then what the queue holds, and a job that fails has
 * nothing in the ledger.
 *
 * @throws Error when no chunk could be stored
 */
export async function storeJob(tools: JobTools, chunks: readonly HeldChunk[], delivery: Delivery): Promise<void> {
  const { sink, store, metrics, logger } = tools;
  const results = await sink.store(chunks, delivery.settledBefore);
  const settled = results.filter((result): result is StoreResult => !(result instanceof Error));
  const failed = chunks.filter((_, index) => results[index] instanceof Error);
  const partly = settled.length > 0 && failed.length > 0;
  const doubtful = partly || settled.some(({ outcome }) => outcome === 'duplicate');
  const takenOver = doubtful && (await isTakenOver(store, delivery));
  for (const result of settled) {
    count(metrics, takenOver && result.outcome === 'duplicate' ? { ...result, outcome: 'redelivered' } : result);
  }
  observeLag(metrics, chunks, results);
  const reason = results.find((result) => result instanceof Error);
  if (reason === undefined) return;
  const error = new Error(`${failed.length} of ${results.length} ${NOT_STORED} ${loggableMessage(reason)}`, {
    cause: reason,
  });
  const requestIds = requestIdsOf(failed.map(({ lines }) => lines.toString()));
  const receipts = failed.map((chunk) => receiptOf(chunk.id, chunk.dataset));
  logger.warn({ requestIds, receipts, trace_ids: traceIdsOf(failed), err: error }, 'a job failed; it is tried again');
  if (!partly || takenOver) throw error;
  await divide(store, failed, delivery);
}

async function divide(store: QueueStore, failed: readonly HeldChunk[], delivery: Delivery): Promise<void> {
  await requeue(store.queue, delivery, {
    data: { v: 1, chunks: failed.map((chunk) => ({ ...chunk, lines: chunk.lines.toString() })) },
    records: failed.reduce((sum, chunk) => sum + chunk.count, 0),
    bytes: failed.reduce((sum, chunk) => sum + chunk.lines.length, 0),
    delayMs: retryDelayMs(1),
  });
}

/**
 * Whether another worker has had the job since: we were frozen for longer than its lock. What that one stored is then no
 * duplicate of ours, but the same job.
 */
async function isTakenOver(store: QueueStore, { jobId, attempt }: Delivery): Promise<boolean> {
  // A connection that did not survive the freeze tells as much.
  const job = await store.queue.getJob(jobId).catch(() => undefined);
  return job === undefined || job.attemptsStarted > attempt;
}

function count(metrics: WorkerMetrics, { outcome, records, dead }: StoreResult): void {
  if (outcome === 'stored') {
    metrics.stored.inc(records);
    metrics.dead.inc(dead);
  } else if (outcome === 'duplicate') metrics.duplicates.inc(records);
  else if (outcome === 'redelivered') metrics.redelivered.inc(records);
  else metrics.discarded.inc(records);
}

function observeLag(
  metrics: WorkerMetrics,
  chunks: readonly HeldChunk[],
  results: readonly (StoreResult | Error)[],
): void {
  const now = Date.now();
  for (const [index, result] of results.entries()) {
    const at = chunks[index]?.at;
    if (result instanceof Error || result.outcome !== 'stored' || at === undefined) continue;
    metrics.lagSeconds.observe(Math.max(0, now - at) / 1000);
  }
}
