import type { Pool } from 'pg';
import { recordTableName } from '../datasets/record-table.js';
import { askOf, withConnection } from './connection.js';

/** Ends the queries that read the record tables of these datasets, in whichever process they were asked. */
export type StopQueries = (datasetIds: readonly number[]) => Promise<void>;

/** A replica has other sessions, which hold nothing up on the primary. */
const STOP = `
  SELECT pg_cancel_backend(l.pid)
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE l.relation = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name) AND l.granted
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND a.usename = current_user AND NOT pg_is_in_recovery()`;

/**
 * Only the query role itself may cancel its statements, which takes a connection of its pool; when there is none, or
 * anything else is in the way, nothing is ended.
 *
 * @param statementTimeoutMs of the pool
 */
export function createStopQueries(pool: Pool, statementTimeoutMs: number): StopQueries {
  return async (datasetIds) => {
    const tables = datasetIds.map(recordTableName);
    await withConnection(pool, (client) => askOf(client, statementTimeoutMs)(STOP, [tables])).catch(() => undefined);
  };
}
