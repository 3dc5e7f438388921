import { ApiError } from '@loguro/types';
import type { PoolClient } from 'pg';
import { boundsOf, type Moment, type Reading } from './moment.js';

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

const READING = `
  SELECT pg_current_snapshot()::text AS snapshot, floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at,
         coalesce(pg_relation_filenode(to_regclass($1))::bigint, 0)::float8 AS file,
         coalesce(pg_relation_size(to_regclass($1)) / 8192, 0)::float8 AS blocks,
         pg_is_in_recovery() AS replica`;

/**
 * Reads the moment that a transaction of isolation level REPEATABLE READ goes by.
 *
 * @param table qualified and quoted
 * @returns also the file behind the table; 0 when there is no table
 * @throws ApiError `unavailable` on a replica: its snapshots don't list the transactions that are open, so that a tail
 *   would leave out what these store
 */
export async function readMoment(client: PoolClient, table: string): Promise<Reading & { file: number }> {
  const { rows } = await client.query<Reading & { file: number; replica: boolean }>(READING, [table]);
  const { replica, ...reading } = rows[0] as Reading & { file: number; replica: boolean };
  if (replica) throw new ApiError('unavailable', 'There are no tails here: queries are answered by a replica.');
  return reading;
}

/** What arrived in a dataset between two moments, the second of which must not be later than the transaction's own. */
export async function findArrivals(
  client: PoolClient,
  datasetId: number,
  shown: Moment,
  until: Moment,
): Promise<Arrivals> {
  const next = boundsOf(until.snapshot)?.next ?? 0n;
  const { rows } = await client.query<{ xid: string; records: number }>(ARRIVALS, [
    String(next),
    shown.snapshot,
    until.snapshot,
    datasetId,
    shown.openSince,
  ]);
  return { xids: rows.map(({ xid }) => xid), records: rows.reduce((sum, { records }) => sum + records, 0) };
}
