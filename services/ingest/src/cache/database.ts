import { ApiError } from '@loguro/types';
import pg from 'pg';
import type { Logger } from 'pino';
import { within } from './within.js';

/** The ingest API's connections to the database, all short of time and number. */
export interface Database {
  /**
   * Runs one statement.
   *
   * @throws ApiError `unavailable` when it can't be done in time, whatever the reason
   */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Options of {@link openDatabase}. */
export interface DatabaseOptions {
  connectionString: string;
  logger: Pick<Logger, 'warn'>;
  /** Connections; 4. */
  max?: number;
  /** For getting a connection, and again for one statement, in milliseconds; 1000. */
  timeoutMs?: number;
}

/** Callers that may wait for a connection; more are turned away at once. */
const MAX_WAITING = 500;

/** A small pool. Statements are few: caches stand in front of it, and misses share one query per key. */
export function openDatabase({ connectionString, logger, max = 4, timeoutMs = 1000 }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString,
    max,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    idleTimeoutMillis: 30_000,
    application_name: 'loguro-ingest-api',
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  return {
    async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      if (pool.waitingCount >= MAX_WAITING) throw unavailable(new Error('too many callers wait for a connection'));
      try {
        return await run<Row>(pool, { text, values: [...values] }, timeoutMs);
      } catch (error) {
        logger.warn({ err: error }, 'a statement failed');
        throw unavailable(error);
      }
    },
    close: () => pool.end(),
  };
}

/** A connection whose answer did not come is thrown away: nobody knows what it would say next. */
async function run<Row extends pg.QueryResultRow>(pool: pg.Pool, query: pg.QueryConfig, ms: number): Promise<Row[]> {
  const client = await pool.connect();
  // The pool listens only while a connection is idle: one that breaks in the middle of a statement says so twice, and
  // the second time, as an event that nobody hears, would end the process.
  client.on('error', ignore);
  try {
    const { rows } = await within(client.query<Row>(query), ms);
    client.off('error', ignore);
    client.release();
    return rows;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const ignore = () => undefined;

function unavailable(cause: unknown): ApiError {
  return new ApiError('unavailable', 'The database did not answer in time; nothing was accepted.', { cause });
}
