import type { Ask } from '../query/connection.js';
import type { Moment, Reading } from './moment.js';

/**
 * Rows of the ledger whose transactions one snapshot doesn't see. The table knows 32 bits of a transaction's number;
 * the rest follows from the next number ($1), since no row of the last days is 2³¹ transactions old.
 *
 * @param snapshot its place among the parameters
 */
export const unseenBy = (snapshot: string) => `NOT ${seenBy(snapshot)}`;
const seenBy = (snapshot: string) =>
  `pg_visible_in_snapshot(($1::bigint - (($1::bigint - xid::text::bigint) & 4294967295))::text::xid8, ${snapshot}::pg_snapshot)`;

/** Transactions that stored records in a dataset. */
export interface Arrivals {
  /** 32 bits of each one's number, as the records carry it. */
  xids: string[];
  /** Records that they stored there. */
  records: number;
}

// The index on the time finds the few blocks that are younger than the parameter.
const ARRIVALS = `
  SELECT xid::text AS xid, sum(records)::float8 AS records FROM ingest.arrivals
   WHERE dataset_id = $4 AND committed_at >= to_timestamp($5::float8 / 1000) AND records > 0
     AND ${unseenBy('$2')} AND ${seenBy('$3')}
   GROUP BY 1`;

/**
 * A replica's snapshot does not tell which transactions are open; those before its oldest open one have ended. Taken
 * as the bound, later ones are shown when that has ended too. The time is that of what it has got from the primary.
 */
export const READING = `
  SELECT CASE WHEN standby THEN format('%1$s:%1$s:', pg_snapshot_xmin(seen)) ELSE seen::text END AS snapshot,
         pg_snapshot_xmax(seen)::text AS next, standby,
         floor(extract(epoch FROM coalesce(CASE WHEN standby THEN pg_last_xact_replay_timestamp() END,
                                           clock_timestamp())) * 1000)::float8 AS at
    FROM (SELECT pg_current_snapshot() AS seen, pg_is_in_recovery() AS standby) AS now`;

const TABLE = `
  SELECT coalesce(pg_relation_filenode(to_regclass($1))::bigint, 0)::float8 AS file,
         coalesce(pg_relation_size(to_regclass($1)) / 8192, 0)::float8 AS blocks`;

/**
 * Reads the moment that a transaction of isolation level REPEATABLE READ goes by.
 *
 * @param table qualified and quoted
 * @returns also the file behind the table; 0 when there is no table
 */
export async function readMoment(ask: Ask, table: string): Promise<Reading & { file: number }> {
  const { rows: moments } = await ask<Omit<Reading, 'blocks'>>(READING);
  const { rows: tables } = await ask<{ file: number; blocks: number }>(TABLE, [table]);
  return { ...moments[0], ...tables[0] } as Reading & { file: number };
}

/**
 * What arrived in a dataset between two moments, the second of which must not be later than the transaction's own.
 *
 * @param next of the transaction's own moment
 */
export async function findArrivals(
  ask: Ask,
  datasetId: number,
  shown: Moment,
  until: Moment,
  next: string,
): Promise<Arrivals> {
  const { rows } = await ask<{ xid: string; records: number }>(ARRIVALS, [
    next,
    shown.snapshot,
    until.snapshot,
    datasetId,
    shown.openSince,
  ]);
  return { xids: rows.map(({ xid }) => xid), records: rows.reduce((sum, { records }) => sum + records, 0) };
}
