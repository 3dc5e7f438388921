import { randomInt } from 'node:crypto';
import { registerSpanMetrics, type Tracing } from '@loguro/telemetry';
import { loggableMessage } from '@loguro/types/operations';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { within } from '../cache/within.js';
import { holdChunk } from '../ledger/held-chunk.js';
import type { StoreObserver } from '../ledger/store-chunks.js';
import { startMaintenance } from '../maintenance/clean-up.js';
import { type WorkerMetrics, workerMetrics } from '../metrics.js';
import { QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { openQueueStore } from '../queue/open-queue-store.js';
import { PENDING_STATES, type QueueStore } from '../queue/queue-store.js';
import { receiptOf } from '../records/receipt-id.js';
import { requestIdsOf } from '../records/request-ids.js';
import type { WorkerConfig } from './config.js';
import { CopySink } from './copy-sink.js';
import { ProgressWatch } from './progress-watch.js';
import { startQueueWorker } from './queue-worker.js';
import { storeJob } from './store-job.js';

/** What a worker is made of. */
export interface WorkerDeps {
  config: Omit<WorkerConfig, 'host' | 'opsPort' | 'logLevel' | 'tracing'>;
  logger: Logger;
  registry: Registry;
  /** Gives transactions a span; null, unless given: off. */
  tracing?: Tracing | null;
  /** No progress for too long: the jobs in hand were given back, if that could be; the process should end, to be started anew. */
  onHopeless: () => void;
}

/** A running worker. */
export interface IngestWorker {
  /** Its number in the ledger. */
  id: number;
  /** Why it can't do its work right now; empty when it can. */
  problems(): Promise<string[]>;
  /** Refreshes the gauges that are read from the queue. */
  observeQueue(): Promise<void>;
  /** Takes no more jobs, finishes those in hand and disconnects; see LOGURO_WORKER_DRAIN_MS. */
  stop(): Promise<void>;
}

/** Between two rounds of cleaning up, in milliseconds. */
const MAINTENANCE_MS = 60_000;
const LOOK_MS = 1000;
/** What giving the jobs back may take before the process ends without, in milliseconds; longer than connecting may. */
const GIVE_BACK_MS = 8000;
const HOUR_MS = 60 * 60 * 1000;
/** PostgreSQL's bigint holds it, and so does a JavaScript number. */
const MAX_WORKER_ID = 2 ** 47;

/**
 * Connects and starts to store.
 *
 * @throws Error with a sentence for the operator when the queue can't be used
 */
export async function createWorker(deps: WorkerDeps): Promise<IngestWorker> {
  const { config, logger, registry, tracing = null, onHopeless } = deps;
  const id = randomInt(MAX_WORKER_ID);
  registerSpanMetrics(registry, tracing);
  const metrics = workerMetrics(registry, { stuckSeconds: () => watch.stuckSeconds ?? 0 });
  const store = await openQueueStore({ ...QUEUE_DEFAULTS, ...config, url: config.queueUrl, logger });
  const sink = new CopySink({
    ...config,
    url: config.databaseUrl,
    worker: id,
    tracing,
    observer: observeStore(metrics, logger),
  });
  const worker = startQueueWorker({
    ...config,
    url: config.queueUrl,
    process: (job, delivery) => storeJob({ sink, store, metrics, logger }, job.chunks.map(holdChunk), delivery),
    onError: (error) => logger.warn({ err: error }, 'the queue reported an error'),
  });
  const watch = new ProgressWatch({
    progress: () => sink.settled,
    workWaits: async () => sink.busy || (await store.pressure()).waitingJobs > 0,
    stuckAfterMs: config.stuckAfterMs,
    hopelessAfterMs: config.exitAfterMs,
    lookEveryMs: LOOK_MS,
    onStuck: (seconds) => logger.error({ seconds, problem: sink.problem }, 'nothing was stored although work waits'),
    onHopeless: (seconds) => {
      logger.fatal({ seconds, problem: sink.problem }, 'no progress: ending the process, to be started anew');
      // A job that is left behind counts against this worker, and after enough of them is taken for what killed it.
      const givenBack = Promise.resolve(sink.giveUp()).then(() => worker.close());
      within(givenBack, GIVE_BACK_MS).then(onHopeless, onHopeless);
    },
  });
  watch.start();
  const stopMaintenance = startMaintenance({
    url: config.databaseUrl,
    ledgerMs: config.ledgerDays * 24 * HOUR_MS,
    everyMs: MAINTENANCE_MS,
    oldestJob: async () => oldestJob(store),
    onResult: (removed) => logger.debug(removed, 'cleaned up'),
    onError: (error) => logger.warn({ err: error }, 'cleaning up failed'),
  });
  const stop = async () => {
    const givingUp = setTimeout(() => sink.giveUp(), config.drainMs);
    await Promise.all([worker.close(), watch.stop(), stopMaintenance()]);
    clearTimeout(givingUp);
    await sink.close();
    await store.close();
  };
  let stopping: Promise<void> | undefined;
  return {
    id,
    problems: () => problemsOf(store, sink, watch),
    observeQueue: () => observeQueue(store, metrics),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

function observeStore(metrics: WorkerMetrics, logger: Logger): StoreObserver {
  return {
    committed({ records, seconds }) {
      metrics.commitRecords.observe(records);
      metrics.commitSeconds.observe(seconds);
    },
    failed(sqlstate, error) {
      metrics.failures.inc({ sqlstate: sqlstate ?? 'connection' });
      logger.warn({ sqlstate, reason: loggableMessage(error) }, 'a transaction failed');
    },
    buried(chunk, refused) {
      const requestIds = requestIdsOf(refused.map(({ line }) => line));
      const receipts = [receiptOf(chunk.id, chunk.dataset)];
      const sqlstates = [...new Set(refused.map(({ sqlstate }) => sqlstate))];
      const fields = { requestIds, receipts, dataset: chunk.dataset, records: refused.length, sqlstates };
      logger.warn(fields, 'records were put among the dead letters');
    },
  };
}

async function problemsOf(store: QueueStore, sink: CopySink, watch: ProgressWatch): Promise<string[]> {
  const problems: string[] = [];
  try {
    await store.pressure();
  } catch {
    problems.push("The queue can't be reached.");
  }
  if (sink.problem !== null) problems.push(`Records can't be stored: ${sink.problem}`);
  const stuck = watch.stuckSeconds;
  if (stuck !== null) problems.push(`Nothing was stored for ${stuck} seconds although work waits.`);
  return problems;
}

async function observeQueue(store: QueueStore, metrics: WorkerMetrics): Promise<void> {
  metrics.queueReachable.set(0);
  const snapshot = await store.snapshot();
  for (const state of PENDING_STATES) {
    metrics.pendingJobs.set({ state }, snapshot[state].jobs);
    metrics.pendingRecords.set({ state }, snapshot[state].records);
  }
  const now = Date.now();
  const oldest = [snapshot.waiting, snapshot.active, snapshot.delayed].map((state) => state.oldest ?? now);
  metrics.oldestPending.set(Math.max(0, now - Math.min(...oldest)) / 1000);
  metrics.queueReachable.set(1);
}

async function oldestJob(store: QueueStore): Promise<number | null> {
  const snapshot = await store.snapshot();
  const oldest = PENDING_STATES.map((state) => snapshot[state].oldest).filter((at) => at !== null);
  return oldest.length === 0 ? null : Math.min(...oldest);
}
