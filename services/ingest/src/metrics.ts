import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Every metric of the ingest service starts so. */
export const METRIC_PREFIX = 'loguro_ingest_';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of the way from the API to the table; minutes and hours tell of an outage. */
const LAG_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400];
const RECORDS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];

/**
 * The producing side of the queue. `accepted` counts records the queue took, which is what a 202 promises.
 *
 * The books: `accepted = stored + duplicates + dead + discarded + pending` over all processes, where the
 * right side is the worker's (see {@link workerMetrics}). Counters start at 0 with each process;
 * `admin books` reads the same from the ledger and the queue, which restarts don't touch.
 */
export function producerMetrics(registry: Registry) {
  const registers = [registry];
  return {
    accepted: new Counter({
      name: `${METRIC_PREFIX}accepted_records_total`,
      help: 'Records the queue durably took.',
      registers,
    }),
    refused: new Counter({
      name: `${METRIC_PREFIX}refused_records_total`,
      help: 'Records the queue could not take, by reason (overloaded, unavailable).',
      labelNames: ['reason'] as const,
      registers,
    }),
    flushSeconds: new Histogram({
      name: `${METRIC_PREFIX}queue_flush_seconds`,
      help: 'Time until the queue had taken a flush.',
      buckets: SECONDS,
      registers,
    }),
    flushRecords: new Histogram({
      name: `${METRIC_PREFIX}queue_flush_records`,
      help: 'Records in one flush to the queue.',
      buckets: RECORDS,
      registers,
    }),
    queueJobs: new Gauge({
      name: `${METRIC_PREFIX}queue_waiting_jobs`,
      help: 'Jobs that wait for a worker or for a retry.',
      registers,
    }),
    queueBytes: new Gauge({
      name: `${METRIC_PREFIX}queue_used_bytes`,
      help: 'Memory used by Redis, or waiting payloads in PostgreSQL.',
      registers,
    }),
  };
}

/** The consuming side of the queue. */
export function workerMetrics(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `${METRIC_PREFIX}${name}`, help, registers });
  return {
    stored: counter('stored_records_total', 'Records committed to their dataset.'),
    duplicates: counter('duplicate_records_total', 'Records of chunks that were queued again and stored already.'),
    dead: counter('dead_records_total', 'Records PostgreSQL refused, now among the dead letters.'),
    discarded: counter('discarded_records_total', 'Records of datasets that were deleted while they waited.'),
    redelivered: counter(
      'redelivered_records_total',
      'Records of chunks a worker got again although they were stored; no part of the books.',
    ),
    failures: new Counter({
      name: `${METRIC_PREFIX}storage_failures_total`,
      help: 'Transactions that failed, by SQLSTATE ("connection" when there was none).',
      labelNames: ['sqlstate'] as const,
      registers,
    }),
    commitSeconds: new Histogram({
      name: `${METRIC_PREFIX}commit_seconds`,
      help: 'Time of one COPY transaction, ledger included.',
      buckets: SECONDS,
      registers,
    }),
    commitRecords: new Histogram({
      name: `${METRIC_PREFIX}commit_records`,
      help: 'Records in one COPY transaction.',
      buckets: RECORDS,
      registers,
    }),
    lagSeconds: new Histogram({
      name: `${METRIC_PREFIX}lag_seconds`,
      help: 'From the moment the API took the first record of a chunk to its commit.',
      buckets: LAG_SECONDS,
      registers,
    }),
    pendingJobs: new Gauge({
      name: `${METRIC_PREFIX}pending_jobs`,
      help: 'Jobs in the queue, by state (waiting, active, delayed, failed).',
      labelNames: ['state'] as const,
      registers,
    }),
    pendingRecords: new Gauge({
      name: `${METRIC_PREFIX}pending_records`,
      help: 'Records in the queue, by state (waiting, active, delayed, failed).',
      labelNames: ['state'] as const,
      registers,
    }),
    oldestPending: new Gauge({
      name: `${METRIC_PREFIX}oldest_pending_seconds`,
      help: 'Age of the oldest job that is not failed; 0 when there is none.',
      registers,
    }),
  };
}

export type ProducerMetrics = ReturnType<typeof producerMetrics>;
export type WorkerMetrics = ReturnType<typeof workerMetrics>;
