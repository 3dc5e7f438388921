import type { PoolClient } from 'pg';
import { recordIndexName, recordTableName } from '../datasets/record-table.js';

/** Records of one DELETE: a transaction of some tens of milliseconds. */
const BATCH = 10_000;
/** As in the definition of the index. */
export const PAGES_PER_RANGE = 64;

/** Options of {@link deleteExpired}. */
export interface RetentionOptions {
  datasetId: number;
  /** Records with an earlier timestamp go. */
  before: Date;
  /** Ends early between two batches. */
  signal: AbortSignal;
}

/**
 * Deletes what is older than a dataset keeps, in small transactions with as long a pause after each, so that
 * writers and readers of the table never wait for it. Then the space is given to new records, and the index is
 * told to forget the block ranges that fell empty: a record inserted into a range that the index has summed up
 * costs five times as much as one in a new range.
 *
 * @param client a session of the tables' owner without a statement timeout
 * @returns records deleted
 */
export async function deleteExpired(
  client: PoolClient,
  { datasetId, before, signal }: RetentionOptions,
): Promise<number> {
  const table = recordTableName(datasetId);
  const touched = new Set<number>();
  let deleted = 0;
  for (;;) {
    const started = performance.now();
    const { rows } = await client.query<{ range: number; records: number }>(
      `WITH gone AS (
         DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE "timestamp" < $1 LIMIT ${BATCH}))
         RETURNING (ctid::text::point)[0]::bigint / ${PAGES_PER_RANGE} AS range
       ) SELECT floor(range)::int AS range, count(*)::int AS records FROM gone GROUP BY 1`,
      [before.toISOString()],
    );
    const batch = rows.reduce((sum, { records }) => sum + records, 0);
    for (const { range } of rows) touched.add(range);
    deleted += batch;
    if (batch < BATCH || signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, performance.now() - started));
  }
  if (deleted > 0) {
    // Truncating the end of the table would need it for itself alone.
    await client.query(`VACUUM (TRUNCATE off) ${table}`);
    await forgetEmptyRanges(client, datasetId, [...touched]);
  }
  return deleted;
}

async function forgetEmptyRanges(client: PoolClient, datasetId: number, ranges: number[]): Promise<void> {
  const table = recordTableName(datasetId);
  const place = (range: string) => `format('(%s,0)', ${range} * ${PAGES_PER_RANGE})::tid`;
  for (const range of ranges) {
    const { rows } = await client.query(
      `SELECT 1 FROM ${table} WHERE ctid >= ${place('$1::bigint')} AND ctid < ${place('($1::bigint + 1)')} LIMIT 1`,
      [range],
    );
    if (rows.length > 0) continue;
    await client.query('SELECT brin_desummarize_range($1::regclass, $2)', [
      recordIndexName(datasetId),
      range * PAGES_PER_RANGE,
    ]);
  }
}
