import { INGEST_QUEUE, QUEUE_PREFIX, type StoreJob } from '@loguro/types';
import {
  createPostgresBackend,
  createRedisBackend,
  type Job,
  type JobProgress,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { parseJobId } from '../queue/job-id.js';
import { isRedisUrl } from '../queue/open-queue-store.js';
import { postgresQueueConnection } from '../queue/postgres-store.js';
import { retryDelayMs } from '../queue/queue-options.js';
import { workerConnection } from '../queue/redis-connection.js';
import { inWaves } from './in-waves.js';
import { mayHaveSettled } from './store-job.js';

/** Options of {@link startQueueWorker}. */
export interface QueueWorkerOptions {
  url: string;
  /**
   * Jobs in hand at once, at the most. They meet in one sink, so that this bounds the size of transactions:
   * with 64 of 500 records a drain reached 0.90 of COPY, with 128 1.01, with 192 1.04.
   */
  concurrency: number;
  /** Lines in hand at once, about, in bytes: what bounds memory when jobs are large. */
  heldBytes: number;
  /**
   * How long a job stays ours without a sign of life, in milliseconds. A killed worker's jobs are taken
   * over after at most this plus twice {@link stalledIntervalMs}. A worker frozen for longer finds its jobs
   * done by another when it wakes; the ledger keeps it from doing them again.
   */
  lockMs: number;
  stalledIntervalMs: number;
  /** Least time between two wake-ups by the queue, in milliseconds; see {@link inWaves}. */
  minGapMs: number;
  /** Stores a job; resolves when every chunk of it is settled for good, or in a job of its own. */
  process: (job: StoreJob, delivery: Delivery) => Promise<void>;
  onError: (error: Error) => void;
}

/** How a job came to us. */
export interface Delivery {
  jobId: string;
  /** From 1; more when it was in hands before, here or elsewhere. */
  attempt: number;
  /** An earlier attempt may have settled its chunks; see `mayHaveSettled`. */
  settledBefore: boolean;
  /** As in BullMQ; 0: none. */
  priority: number;
  /** When it was queued, in milliseconds since the epoch. */
  queuedAt: number;
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
/** Even of the largest jobs so many are in hand, or one transaction could not follow another without a pause. */
const MIN_CONCURRENCY = 4;
/** How fast the average size of a job follows the latest ones. */
const SMOOTHING = 0.1;

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
  const sizer = jobSizer(options);
  const processor = (job: Job<StoreJob>) => {
    worker.concurrency = sizer(job.id ?? '');
    return processJob(job, options.process);
  };
  const { worker, disconnect } = isRedisUrl(options.url)
    ? redisWorker(options.url, processor, common, options.minGapMs)
    : postgresWorker(options.url, processor, common, options.minGapMs);
  worker.on('error', options.onError);
  return {
    async close() {
      await worker.close();
      disconnect();
    },
  };
}

type Processor = (job: Job<StoreJob>) => Promise<void>;
type CommonOptions = Omit<WorkerOptions, 'connection'>;
/** What we use of BullMQ's worker; the same over both backends. */
interface StartedWorker {
  worker: Pick<Worker, 'concurrency' | 'close'> & { on(event: 'error', listener: (error: Error) => void): unknown };
  disconnect(): void;
}

function redisWorker(url: string, processor: Processor, common: CommonOptions, gapMs: number): StartedWorker {
  const connection = workerConnection(url);
  const options = { ...common, connection, prefix: QUEUE_PREFIX, skipVersionCheck: true };
  const worker = new Worker<StoreJob>(INGEST_QUEUE, processor, options, inWaves(createRedisBackend, gapMs));
  return { worker, disconnect: () => connection.disconnect() };
}

function postgresWorker(url: string, processor: Processor, common: CommonOptions, gapMs: number): StartedWorker {
  const connection = postgresQueueConnection({
    url,
    timeoutMs: POSTGRES_TIMEOUT_MS,
    connections: POSTGRES_CONNECTIONS,
  });
  const worker = new Worker<StoreJob, unknown, string, PostgresQueueBackend, JobProgress, PostgresConnectionOptions>(
    INGEST_QUEUE,
    processor,
    { ...common, connection },
    inWaves(createPostgresBackend, gapMs),
  );
  return { worker, disconnect: () => undefined };
}

/** How many jobs to have in hand, from the sizes of the latest. */
function jobSizer({ concurrency, heldBytes }: QueueWorkerOptions): (jobId: string) => number {
  let average = 0;
  return (jobId) => {
    const bytes = parseJobId(jobId)?.bytes ?? 0;
    average += (bytes - average) * SMOOTHING;
    return Math.max(MIN_CONCURRENCY, Math.min(concurrency, Math.floor(heldBytes / Math.max(average, bytes, 1))));
  };
}

async function processJob(job: Job<StoreJob>, store: QueueWorkerOptions['process']): Promise<void> {
  if (job.data.v !== 1) {
    throw new UnrecoverableError('The job is of a version this worker does not know; replay it with a newer one.');
  }
  await store(job.data, {
    jobId: job.id ?? '',
    attempt: job.attemptsStarted,
    settledBefore: mayHaveSettled(job),
    priority: job.opts.priority ?? 0,
    queuedAt: job.timestamp,
  });
}
