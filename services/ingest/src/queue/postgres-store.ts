import { INGEST_QUEUE, QUEUE_SCHEMA, type StoreJob } from '@loguro/types';
import { createPostgresBackend, type PostgresConnectionOptions, type PostgresQueueBackend, Queue } from 'bullmq';
import pg from 'pg';
import { JOB_OPTIONS, KEPT_EVENTS } from './queue-options.js';
import { emptySnapshot, type PendingState, type QueuePressure, type QueueStore } from './queue-store.js';

/** The job that is next: the first of the partial index of waiting jobs. */
const FRONT = `
  SELECT priority FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state = 'waiting' ORDER BY queue, priority, seq LIMIT 1`;

/** Counts what waits, from the ids alone, up to the mark ($2) past which it makes no difference how much more there is. */
const COUNT = `
  SELECT count(*) FILTER (WHERE state = 'waiting')::int AS "waitingJobs",
         count(*) FILTER (WHERE state = 'delayed')::int AS "delayedJobs",
         coalesce(sum(nullif(split_part(id, '.', 3), '')::bigint), 0)::float8 AS "usedBytes"
  FROM ((SELECT id, state FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state = 'waiting' LIMIT $2)
        UNION ALL
        (SELECT id, state FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state = 'delayed' LIMIT $2)) AS pending`;

/**
 * After a count this many times its own length passes before the next, so that counting takes a tenth of one processor
 * at most. Of 200,000 jobs it took half a second here, and workers and API processes ask several times a second. A count is
 * then a few seconds old, in which so long a queue does not change much.
 */
const COUNT_PAUSE = 9;

const SNAPSHOT = `
  SELECT state::text AS state, count(*)::int AS jobs, min(added_at_ms)::float8 AS oldest,
         coalesce(sum(nullif(split_part(id, '.', 2), '')::bigint), 0)::float8 AS records
  FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND state IN ('waiting', 'active', 'delayed', 'failed')
  GROUP BY state`;

type Count = Pick<QueuePressure, 'waitingJobs' | 'delayedJobs' | 'usedBytes'>;

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  url: string;
  /** A statement that takes longer fails, in milliseconds. */
  timeoutMs: number;
  /** Connections BullMQ may use. */
  connections: number;
  /** Waiting jobs, and those for their next try, are counted up to so many each. */
  maxWaitingJobs: number;
}

/** What BullMQ's PostgreSQL backend is opened with. */
export function postgresQueueConnection({ url, timeoutMs, connections }: Omit<PostgresStoreOptions, 'maxWaitingJobs'>) {
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
  let count: Count = { waitingJobs: 0, delayedJobs: 0, usedBytes: 0 };
  let countAgainAt = 0;

  return {
    kind: 'postgres',
    queue,
    bulkIsAtomic: true,
    async pressure() {
      const { rows } = await pool.query<{ priority: number }>(FRONT, [INGEST_QUEUE]);
      if (performance.now() >= countAgainAt) {
        const started = performance.now();
        const counted = await pool.query<Count>(COUNT, [INGEST_QUEUE, options.maxWaitingJobs]);
        count = counted.rows[0] as Count;
        countAgainAt = performance.now() + COUNT_PAUSE * (performance.now() - started);
      }
      return { ...count, limitBytes: null, front: rows[0]?.priority ?? 0 };
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
