import type { Session } from '../ledger/database-lane.js';
import { PENDING_STATES, type QueueSnapshot, type QueueStore } from '../queue/queue-store.js';

/** What became of every record that was ever accepted, in records. */
export interface Books {
  stored: number;
  dead: number;
  discarded: number;
  /** In the queue; `failed` ones wait for someone to replay them. */
  pending: Record<keyof QueueSnapshot, number>;
  /** The sum: what was accepted, unless something was lost. */
  accounted: number;
}

/** The ledger and what was retired from it, together. */
const TOTALS = `
  SELECT sum(records)::float8 AS records, sum(dead)::float8 AS dead, sum(discarded)::float8 AS discarded FROM (
    SELECT records, dead, discarded FROM ingest.committed_chunks
    UNION ALL SELECT records, dead, discarded FROM ingest.retired_chunks) AS every_chunk`;

/**
 * Adds up the books from the ledger and the queue, which no restart touches. A chunk moves from one to the
 * other when it is committed, and stands in both until its job is removed: so the figures are exact only
 * while nothing is active.
 */
export async function readBooks(session: Session, store: QueueStore): Promise<Books> {
  const snapshot = await store.snapshot();
  const [row] = await session.query<{ records: number | null; dead: number | null; discarded: number | null }>(TOTALS);
  const pending = Object.fromEntries(
    PENDING_STATES.map((state) => [state, snapshot[state].records]),
  ) as Books['pending'];
  const stored = row?.records ?? 0;
  const dead = row?.dead ?? 0;
  const discarded = row?.discarded ?? 0;
  const waiting = Object.values(pending).reduce((sum, records) => sum + records, 0);
  return { stored, dead, discarded, pending, accounted: stored + dead + discarded + waiting };
}
