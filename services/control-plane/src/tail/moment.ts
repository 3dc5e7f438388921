/** A point in the order of commits, and what helps to find again what came after it. */
export interface Moment {
  /** PostgreSQL's text of a `pg_snapshot`, `xmin:xmax:xip,…`: which transactions had committed. */
  snapshot: string;
  /** When, by the database's clock, in milliseconds since the epoch. */
  at: number;
  /** No transaction that was still to commit has an earlier time in the ledger. Milliseconds since the epoch. */
  openSince: number;
  /** Blocks of the dataset's table. Only the time that a search takes depends on it. */
  blocks: number;
}

/** A moment just read, of which it is not yet known how long its open transactions had been open. */
export interface Reading extends Omit<Moment, 'openSince'> {
  /** The first number that was not given to a transaction yet. */
  next: string;
  /** Read on a replica, where `snapshot` names nothing open and `at` is when what it has was committed. */
  standby: boolean;
}

/**
 * How long before it got its number a transaction may have begun, in milliseconds: the ledger has the time when it
 * began. Only waiting for a lock on the ledger comes in between, and workers give that up after two seconds.
 */
const UNNUMBERED_MS = 60_000;

/**
 * How long a worker's transaction may be open, in milliseconds. Each of its statements ends within 30 seconds, and
 * between two it doesn't pause; so this is ample, and it is what a search in the ledger goes back at the most.
 */
export const OPEN_MS = 15 * 60_000;

const SNAPSHOT = /^(\d{1,19}):(\d{1,19}):(?:\d{1,19}(?:,\d{1,19})*)?$/;

/** The first transaction that had not ended, and the first that had not begun; null when the text is no snapshot. */
export function boundsOf(snapshot: string): { oldestOpen: bigint; next: bigint } | null {
  const [, oldestOpen, next] = SNAPSHOT.exec(snapshot) ?? [];
  if (oldestOpen === undefined || next === undefined) return null;
  return { oldestOpen: BigInt(oldestOpen), next: BigInt(next) };
}

/**
 * Completes a reading: transactions that are open in it began after the moment before, when they have a number
 * that was not given out then, or else they were open then already.
 *
 * @param before an earlier moment of the same database
 */
export function momentOf({ standby, next: _, ...reading }: Reading, before: Moment | null): Moment {
  const { at } = reading;
  if (standby) return { ...reading, openSince: at - OPEN_MS };
  const now = boundsOf(reading.snapshot);
  const then = before && boundsOf(before.snapshot);
  let openSince = at - OPEN_MS;
  if (now !== null && now.oldestOpen === now.next) openSince = at - UNNUMBERED_MS;
  else if (now !== null && before && then) {
    openSince = now.oldestOpen >= then.next ? before.at - UNNUMBERED_MS : before.openSince;
  }
  return { ...reading, openSince: Math.max(openSince, at - OPEN_MS) };
}
