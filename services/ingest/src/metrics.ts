import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Every metric of the ingest service starts so. */
const METRIC_PREFIX = 'loguro_ingest_';

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
      help: 'Records the queue did not take, or did not say that it had, by reason (overloaded, unavailable).',
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
    queueJobsLimit: new Gauge({
      name: `${METRIC_PREFIX}queue_waiting_jobs_limit`,
      help: 'Waiting jobs past which nothing more is accepted.',
      registers,
    }),
    queueBytesLimit: new Gauge({
      name: `${METRIC_PREFIX}queue_used_bytes_limit`,
      help: 'Used bytes past which nothing more is accepted.',
      registers,
    }),
  };
}

/** The consuming side of the queue. `stuckSeconds`: how long nothing was stored although work waits, or 0. */
export function workerMetrics(registry: Registry, sources: { stuckSeconds: () => number }) {
  const registers = [registry];
  new Gauge({
    name: `${METRIC_PREFIX}stuck_seconds`,
    help: 'How long this worker has stored nothing although work waits; 0 while that is no cause for concern.',
    registers,
    collect() {
      this.set(sources.stuckSeconds());
    },
  });
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
    queueReachable: new Gauge({
      name: `${METRIC_PREFIX}queue_reachable`,
      help: '1 when the figures of the queue in this answer are fresh; 0 when the queue could not be asked.',
      registers,
    }),
  };
}

/** Where {@link apiMetrics} reads what is not counted anew. */
export interface ApiMetricSources {
  bodyBytes: () => number;
  receiptWaiters: () => number;
  changeFeedLive: () => boolean;
  queueOpen: () => boolean;
  caches: Readonly<Record<string, { readonly hits: number; readonly misses: number }>>;
}

/** The HTTP side of the API. What happens on every request is a plain addition; labels are made when they are read. */
export function apiMetrics(registry: Registry, sources: ApiMetricSources) {
  const registers = [registry];
  const outcomes = new Map<string, number>();
  const rejected = { invalid_record: 0, payload_too_large: 0 };
  let fast = 0;
  const seconds = new Histogram({
    name: `${METRIC_PREFIX}request_seconds`,
    help: 'Time from the headers of an ingest request to its answer.',
    buckets: SECONDS,
    registers,
  });
  new Counter({
    name: `${METRIC_PREFIX}requests_total`,
    help: 'Requests by outcome: ok, client_gone, or the code of the error.',
    labelNames: ['outcome'] as const,
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of outcomes) this.inc({ outcome }, count);
    },
  });
  new Counter({
    name: `${METRIC_PREFIX}fast_lane_requests_total`,
    help: 'Of the requests those that were served on the fast lane.',
    registers,
    collect() {
      this.reset();
      this.inc(fast);
    },
  });
  new Counter({
    name: `${METRIC_PREFIX}rejected_records_total`,
    help: 'Records that were at fault, by reason (invalid_record, payload_too_large).',
    labelNames: ['reason'] as const,
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(rejected)) this.inc({ reason }, count);
    },
  });
  new Counter({
    name: `${METRIC_PREFIX}cache_lookups_total`,
    help: 'Lookups of keys, datasets and origins, by cache and by result (hit, miss).',
    labelNames: ['cache', 'result'] as const,
    registers,
    collect() {
      this.reset();
      for (const [cache, { hits, misses }] of Object.entries(sources.caches)) {
        this.inc({ cache, result: 'hit' }, hits);
        this.inc({ cache, result: 'miss' }, misses);
      }
    },
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `${METRIC_PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('body_bytes', 'Bytes of request bodies held right now.', sources.bodyBytes);
  gauge('receipt_waiters', 'Requests held until their records are stored.', sources.receiptWaiters);
  gauge('change_feed_live', '1 while changes of keys and datasets are being heard.', () => +sources.changeFeedLive());
  gauge(
    'queue_open',
    '1 while the queue takes records; 0 while requests are answered 503.',
    () => +sources.queueOpen(),
  );
  const count = (outcome: string) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  return {
    /** Any request but an ingest one. */
    count,
    /** The same as {@link observe} for a request on the fast lane. */
    observeFast(outcome: string, ms: number): void {
      fast += 1;
      count(outcome);
      seconds.observe(ms / 1000);
    },
    /** An ingest request. `ms` until its answer; records in it that were `bad`, and `oversized` ones among these. */
    observe(outcome: string, ms: number, { bad, oversized }: { bad: number; oversized: number }): void {
      count(outcome);
      rejected.invalid_record += bad - oversized;
      rejected.payload_too_large += oversized;
      seconds.observe(ms / 1000);
    },
  };
}

export type ApiMetrics = ReturnType<typeof apiMetrics>;
export type WorkerMetrics = ReturnType<typeof workerMetrics>;
