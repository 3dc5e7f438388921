import type { PoolClient } from 'pg';
import { untilUnresponsive } from './connection.js';

/** So many sorts of one statement may each have the session's work_mem; more of them share what these would have. */
const FULL_SORTS = 8;

/** Sets what each sort of the next statement may have; see {@link FULL_SORTS}. `RESET` takes it back. */
const SHARE = `
  SELECT set_config('work_mem', greatest(64, pg_size_bytes(current_setting('work_mem')) * ${FULL_SORTS} / $1::int / 1024) || 'kB', false)`;

/**
 * Bounds the memory of a statement by that of eight sorts: every `count_distinct`, and the percentiles of every field, sort
 * all records of a group at the same time, and a query may ask for a hundred.
 *
 * @returns whether the session has to be reset afterwards
 */
export async function shareSortMemory(client: PoolClient, sorts = 0): Promise<boolean> {
  if (sorts <= FULL_SORTS) return false;
  await client.query(SHARE, [sorts]);
  return true;
}

/** Does work with a session whose sorts share their memory, and leaves the session as it was. */
export async function withSortMemory<T>(
  client: PoolClient,
  { sorts, statementTimeoutMs }: { sorts?: number; statementTimeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  if (!(await shareSortMemory(client, sorts))) return work();
  const reset = () => untilUnresponsive(client.query('RESET work_mem'), statementTimeoutMs);
  try {
    const value = await work();
    await reset();
    return value;
  } catch (error) {
    await reset();
    throw error;
  }
}
