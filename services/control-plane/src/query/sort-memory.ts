import { type Ask, askOf, type Lease, UnresponsiveError } from './connection.js';

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
export async function shareSortMemory(ask: Ask, sorts = 0): Promise<boolean> {
  if (sorts <= FULL_SORTS) return false;
  await ask(SHARE, [sorts]);
  return true;
}

/** Does work with a session whose sorts share their memory, and leaves the session as it was, or has it thrown away. */
export async function withSortMemory<T>(
  { client, discard }: Lease,
  { sorts, statementTimeoutMs }: { sorts?: number; statementTimeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const ask = askOf(client, statementTimeoutMs);
  if (!(await shareSortMemory(ask, sorts))) return work();
  const reset = () => ask('RESET work_mem').then(() => undefined, discard);
  try {
    const value = await work();
    await reset();
    return value;
  } catch (error) {
    // One that does not answer is thrown away.
    if (!(error instanceof UnresponsiveError)) await reset();
    throw error;
  }
}
