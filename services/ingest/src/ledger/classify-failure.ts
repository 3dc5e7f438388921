/**
 * What a failure of storing says about how to go on:
 *
 * - `unreachable`: nothing can be stored right now, whatever it is: wait and try the same again;
 * - `refused`: the data itself is at fault: find the record;
 * - `gone`: the table does not exist;
 * - `barred`: nothing can be stored in this table, whatever it is: store the others, try all of these later;
 * - `contained`: something about these chunks only: store the others, try these later.
 */
export type FailureKind = 'unreachable' | 'refused' | 'gone' | 'barred' | 'contained';

/** SQLSTATE of a ledger row that exists already. */
export const UNIQUE_VIOLATION = '23505';
/** SQLSTATE of a lock that was waited for too long. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** SQLSTATE classes in which no statement has a chance (manual, "PostgreSQL Error Codes"). */
const UNREACHABLE_CLASSES = new Set([
  '08', // connection
  '25', // invalid transaction state; 25006: a standby that can't write
  '28', // authorization: passwords are rotated on one side first
  '3D', // no such database: it is being restored
  '40', // serialization failure, deadlock: the same again succeeds
  '53', // insufficient resources: disk full, out of memory, too many connections
]);
/** 57014, a statement that took too long, is the one of its class that other data may fare better with. */
const QUERY_CANCELED = '57014';
const OPERATOR_INTERVENTION = '57';

/** Data exceptions, violated constraints, and what exceeds a limit of the server (a row too large). */
const REFUSED_CLASSES = new Set(['22', '23', '54']);
const UNDEFINED_TABLE = '42P01';
/** Missing permissions and columns; locks. To try a table's chunks one by one would be to wait for its lock each time. */
const BARRED_CLASSES = new Set(['42', '55']);

/** Says how to go on after a failure; one without SQLSTATE is of the connection. */
export function classifyFailure(error: { code?: string }): FailureKind {
  const code = sqlstateOf(error);
  if (code === null) return 'unreachable';
  const group = code.slice(0, 2);
  if (code === UNDEFINED_TABLE) return 'gone';
  if (REFUSED_CLASSES.has(group)) return 'refused';
  if (UNREACHABLE_CLASSES.has(group)) return 'unreachable';
  if (group === OPERATOR_INTERVENTION && code !== QUERY_CANCELED) return 'unreachable';
  return BARRED_CLASSES.has(group) ? 'barred' : 'contained';
}

/** The SQLSTATE of an error, or null when it has none: system errors (`ECONNRESET`) carry a code as well. */
export function sqlstateOf(error: { code?: string }): string | null {
  return error.code !== undefined && /^[0-9A-Z]{5}$/.test(error.code) && !/^E[A-Z]{4}$/.test(error.code)
    ? error.code
    : null;
}
