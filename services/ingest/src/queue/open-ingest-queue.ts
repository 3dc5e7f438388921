import type { Tracing } from '@loguro/telemetry';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { producerMetrics } from '../metrics.js';
import type { IngestQueue } from './ingest-queue.js';
import { openQueueStore, type RedisPolicy } from './open-queue-store.js';
import { byteMark, type QueueLimits } from './queue-monitor.js';
import { type ProducerObserver, QueueProducer } from './queue-producer.js';

/** Options of {@link openIngestQueue}. */
export interface IngestQueueOptions extends Partial<QueueLimits> {
  /** `redis://`, `rediss://` or `postgres://` (as the role loguro_ingest). */
  url: string;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Where the queue's metrics go; see `producerMetrics`. */
  registry: Registry;
  /** What to do when Redis is not set up to keep what it took; `refuse` unless said otherwise. */
  redisPolicy?: RedisPolicy;
  /** How long an append may wait for the queue before it fails as `unavailable`, in milliseconds; 1500. */
  timeoutMs?: number;
  /** How long to wait at start for the queue to answer, in milliseconds; 30,000. */
  startTimeoutMs?: number;
  /** Least time between two flushes, in milliseconds. */
  minGapMs?: number;
  /** Lines that may wait in this process for a flush to return, in bytes; 32 MiB. */
  maxGatheredBytes?: number;
  /** Gives flushes a span; null, unless given: off. */
  tracing?: Tracing | null;
}

/** Defaults of {@link IngestQueueOptions}. */
export const QUEUE_DEFAULTS = {
  timeoutMs: 1500,
  startTimeoutMs: 30_000,
  minGapMs: 1,
  maxGatheredBytes: 32 * 1024 * 1024,
  maxWaitingJobs: 200_000,
  maxQueueBytes: 2 * 1024 * 1024 * 1024,
  maxMemoryShare: 0.8,
} as const;

/** The queue as the API uses it: {@link IngestQueue}, and whether it takes anything right now. */
export interface OpenIngestQueue extends IngestQueue {
  /** For readiness: null while records are taken, else a sentence. */
  problem(): string | null;
  /** Whether enough waits for the order of chunks to matter; they are then shared out among datasets. */
  contended(): boolean;
}

/**
 * Connects to the queue and looks whether it is fit for use.
 *
 * @throws Error with a sentence for the operator when it can't be reached in time, or when Redis is not
 *   set up to keep records and `redisPolicy` is `refuse`
 */
export async function openIngestQueue(options: IngestQueueOptions): Promise<OpenIngestQueue> {
  const settings = { ...QUEUE_DEFAULTS, redisPolicy: 'refuse' as const, ...options };
  const store = await openQueueStore(settings);
  const { tracing = null } = options;
  const producer = new QueueProducer({ ...settings, tracing, store, observer: observe(settings.registry, settings) });
  await producer.start();
  return {
    append: (lines) => producer.append(lines),
    appendChunk: (chunk, trace) => producer.appendChunk(chunk, trace),
    close: () => producer.close(),
    problem: () => producer.refusal?.sentence ?? null,
    contended: () => producer.contended,
  };
}

function observe(registry: Registry, limits: QueueLimits): ProducerObserver {
  const metrics = producerMetrics(registry);
  metrics.queueJobsLimit.set(limits.maxWaitingJobs);
  return {
    flushed({ records, seconds }) {
      metrics.accepted.inc(records);
      metrics.flushRecords.observe(records);
      metrics.flushSeconds.observe(seconds);
    },
    refused: (reason, records) => metrics.refused.inc({ reason }, records),
    looked({ waitingJobs, delayedJobs, usedBytes, limitBytes }) {
      metrics.queueJobs.set(waitingJobs + delayedJobs);
      metrics.queueBytes.set(usedBytes);
      metrics.queueBytesLimit.set(byteMark(limits, limitBytes));
    },
  };
}
