import { Pool } from 'pg';

/** Options of {@link createQueryPool}. */
export interface QueryPoolOptions {
  /** Logs in as loguro_query: a role that can read record tables and nothing else. */
  url: string;
  /** Connections at the most. */
  poolSize: number;
  /** How long a query waits for a free connection, or for a new one to be made, in milliseconds. */
  connectTimeoutMs: number;
  /** After this PostgreSQL gives up on a statement, in milliseconds. */
  statementTimeoutMs: number;
  /** Memory of one sort or hash table, in KiB, before it goes to disk. Default 32 MiB. */
  workMemKib?: number;
  /** Parallel workers for statements of these sessions: see {@link parallelSettings}. Default 2. */
  parallelWorkers?: number;
  /** Told of idle connections that broke; nothing needs to be done about them. */
  onConnectionLost?: (error: Error) => void;
}

/**
 * The connections that run callers' queries. What every query needs is a setting of the session, so that a
 * query is one round trip: each statement is a read-only transaction of its own and has the time limit.
 */
export function createQueryPool(options: QueryPoolOptions): Pool {
  const settings = {
    default_transaction_read_only: 'on',
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: 60_000,
    // The order of UNION ALL is relied on, see compile/raw.ts.
    enable_parallel_append: 'off',
    ...parallelSettings(options.parallelWorkers ?? 2),
    work_mem: options.workMemKib ?? 32 * 1024,
    TimeZone: 'UTC',
    DateStyle: 'ISO',
    extra_float_digits: 1,
    // Compiling a plan costs more than most of these queries take.
    jit: 'off',
  };
  const pool = new Pool({
    connectionString: options.url,
    application_name: 'loguro-query',
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  pool.on('error', options.onConnectionLost ?? (() => undefined));
  return pool;
}

/**
 * A session starts a parallel worker only while fewer than `max_parallel_workers` run in the whole server, whoever
 * started them. So a query that is alone takes two cores more, and of many at once each takes one: heavy queries crowd
 * out neither ingest nor each other.
 */
function parallelSettings(workers: number): Record<string, number> {
  // Of a plan that no worker will run, the serial one is better.
  return workers === 0 ? { max_parallel_workers_per_gather: 0 } : { max_parallel_workers: workers };
}
