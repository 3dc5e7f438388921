import type { PoolClient } from 'pg';
import { SQL_STATE, sqlState } from '../database/sql-state.js';

/**
 * Work on the index of a record table takes the lock of VACUUM and ANALYZE. Whoever waits for it longer than
 * `deadlock_timeout` (1 s) makes PostgreSQL cancel an autovacuum, or waits behind one that can't be cancelled, for hours.
 */
const LOCK_TIMEOUT_MS = 200;

/** @returns undefined when the work would have had to wait for a lock */
export async function withoutWaiting<T>(client: PoolClient, work: () => Promise<T>): Promise<T | undefined> {
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    return await work();
  } catch (error) {
    if (sqlState(error) === SQL_STATE.lockNotAvailable) return undefined;
    throw error;
  } finally {
    await client.query('RESET lock_timeout');
  }
}
