import { INGEST_QUEUE, QUEUE_PREFIX, type StoreJob } from '@loguro/types';
import {
  createPostgresBackend,
  type Job,
  type JobProgress,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { isRedisUrl } from '../queue/open-queue-store.js';
import { postgresQueueConnection } from '../queue/postgres-store.js';
import { retryDelayMs } from '../queue/queue-options.js';
import { workerConnection } from '../queue/redis-connection.js';

/** Options of {@link startQueueWorker}. */
export interface QueueWorkerOptions {
  url: string;
  /** Jobs in hand at once; they meet in one sink, so this bounds memory and the size of transactions. */
  concurrency: number;
  /**
   * How long a job stays ours without a sign of life, in milliseconds. A killed worker's jobs are taken
   * over after at most this plus twice {@link stalledIntervalMs}. A worker frozen for longer finds its jobs
   * done by another when it wakes; the ledger keeps it from doing them again.
   */
  lockMs: number;
  stalledIntervalMs: number;
  /** Stores a job; resolves when every chunk of it is settled for good. */
  process: (job: StoreJob, redelivered: boolean) => Promise<void>;
  onError: (error: Error) => void;
}

/**
 * A job that was in the hands of this many workers when they died may be why they died: it is then set
 * aside as failed, to be looked at and replayed, instead of killing the next one. Innocent jobs of the same
 * hands follow it, so the number is generous.
 */
const MAX_STALLED = 25;
/** A statement of the queue in PostgreSQL, in milliseconds. */
const POSTGRES_TIMEOUT_MS = 15_000;
const POSTGRES_CONNECTIONS = 4;
/** BullMQ waits 15 s after a connection error unless told otherwise; our outages end sooner, in milliseconds. */
const RETRY_MS = 500;

/** The consuming side of the queue. */
export interface QueueWorker {
  /** Fetches no more and resolves when every job in hand is done; then disconnects. */
  close(): Promise<void>;
}

/** Starts to take jobs, over either storage backend. */
export function startQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const common = {
    concurrency: options.concurrency,
    lockDuration: options.lockMs,
    stalledInterval: options.stalledIntervalMs,
    maxStalledCount: MAX_STALLED,
    runRetryDelay: RETRY_MS,
    // Delayed jobs and a lost wake-up are noticed this soon, in seconds.
    drainDelay: 2,
    removeOnComplete: { count: 0 },
    settings: { backoffStrategy: (failures: number) => retryDelayMs(failures) },
  } satisfies Partial<WorkerOptions>;
  const processor = (job: Job<StoreJob>) => processJob(job, options.process);
  if (!isRedisUrl(options.url)) {
    const connection = postgresQueueConnection({
      url: options.url,
      timeoutMs: POSTGRES_TIMEOUT_MS,
      connections: POSTGRES_CONNECTIONS,
    });
    const worker = new Worker<StoreJob, unknown, string, PostgresQueueBackend, JobProgress, PostgresConnectionOptions>(
      INGEST_QUEUE,
      processor,
      { ...common, connection },
      createPostgresBackend,
    );
    worker.on('error', options.onError);
    return { close: () => worker.close() };
  }
  const redis = workerConnection(options.url);
  const worker = new Worker<StoreJob>(INGEST_QUEUE, processor, {
    ...common,
    connection: redis,
    prefix: QUEUE_PREFIX,
    skipVersionCheck: true,
  });
  worker.on('error', options.onError);
  return {
    async close() {
      await worker.close();
      redis.disconnect();
    },
  };
}

async function processJob(job: Job<StoreJob>, store: QueueWorkerOptions['process']): Promise<void> {
  if (job.data.v !== 1) {
    throw new UnrecoverableError('The job is of a version this worker does not know; replay it with a newer one.');
  }
  await store(job.data, job.attemptsStarted > 1);
}
