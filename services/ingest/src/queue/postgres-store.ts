import { INGEST_QUEUE, QUEUE_SCHEMA, type StoreJob } from '@loguro/types';
import { createPostgresBackend, type PostgresConnectionOptions, type PostgresQueueBackend, Queue } from 'bullmq';
import pg from 'pg';
import { JOB_OPTIONS, KEPT_EVENTS } from './queue-options.js';
import { emptySnapshot, type PendingState, type QueueStore } from './queue-store.js';

/**
 * Counts what waits, from the ids alone. The planner walks the partial index of waiting jobs; the limit
 * keeps the walk short when the queue is far past any mark.
 */
const PRESSURE = `
  SELECT count(*)::int AS jobs, coalesce(sum(nullif(split_part(id, '.', 3), '')::bigint), 0)::float8 AS bytes,
         coalesce((array_agg(priority))[1], 0) AS front,
         (SELECT count(*)::int FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state = 'delayed') AS delayed
  FROM (SELECT id, priority FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state = 'waiting'
        ORDER BY queue, priority, seq LIMIT 100000) AS waiting`;

interface PressureRow {
  jobs: number;
  bytes: number;
  front: number;
  delayed: number;
}

const SNAPSHOT = `
  SELECT state::text AS state, count(*)::int AS jobs, min(added_at_ms)::float8 AS oldest,
         coalesce(sum(nullif(split_part(id, '.', 2), '')::bigint), 0)::float8 AS records
  FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state IN ('waiting', 'active', 'delayed', 'failed')
  GROUP BY state`;

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  url: string;
  /** A statement that takes longer fails, in milliseconds. */
  timeoutMs: number;
  /** Connections BullMQ may use. */
  connections: number;
}

/** What BullMQ's PostgreSQL backend is opened with. */
export function postgresQueueConnection({ url, timeoutMs, connections }: PostgresStoreOptions) {
  return {
    connectionString: url,
    schema: QUEUE_SCHEMA,
    max: connections,
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
  };
}

/** The queue in PostgreSQL. Its schema must have been migrated by its owner. */
export function postgresStore(options: PostgresStoreOptions): QueueStore {
  const queue = new Queue<
    StoreJob,
    unknown,
    string,
    StoreJob,
    unknown,
    string,
    PostgresQueueBackend,
    PostgresConnectionOptions
  >(
    INGEST_QUEUE,
    {
      connection: postgresQueueConnection(options),
      defaultJobOptions: JOB_OPTIONS,
      streams: { events: { maxLen: KEPT_EVENTS } },
    },
    createPostgresBackend,
  );
  queue.on('error', () => undefined);
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 1,
    connectionTimeoutMillis: options.timeoutMs,
    query_timeout: options.timeoutMs,
  });
  pool.on('error', () => undefined);

  return {
    kind: 'postgres',
    queue,
    bulkIsAtomic: true,
    async pressure() {
      const { rows } = await pool.query<PressureRow>(PRESSURE, [INGEST_QUEUE]);
      const { jobs, bytes, front, delayed } = rows[0] as PressureRow;
      return { waitingJobs: jobs, delayedJobs: delayed, usedBytes: bytes, limitBytes: null, front };
    },
    async snapshot() {
      const { rows } = await pool.query<{ state: PendingState; jobs: number; records: number; oldest: number }>(
        SNAPSHOT,
        [INGEST_QUEUE],
      );
      const snapshot = emptySnapshot();
      for (const { state, ...total } of rows) snapshot[state] = total;
      return snapshot;
    },
    async close() {
      await queue.close().catch(() => undefined);
      await pool.end();
    },
  };
}
