import type { PoolClient } from 'pg';
import { recordIndexName, recordTableName } from '../datasets/record-table.js';
import { withoutWaiting } from './without-waiting.js';

/** Records of one DELETE, about: a transaction of some tens of milliseconds. */
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

/** Ranges of blocks, side by side, that are emptied by one DELETE. The second one is excluded. */
interface Stretch {
  from: number;
  to: number;
  records: number;
}

/**
 * Deletes what is older than a dataset keeps, in small transactions with as long a pause after each, so that
 * writers and readers of the table never wait for it. Then the space is given to new records, and the index is
 * told to forget the block ranges that fell empty: a record inserted into a range that the index has summed up
 * costs five times as much as one in a new range.
 *
 * Where the expired records are is asked once, and each DELETE is told its place: one that looked for itself would begin
 * with the blocks that those before it emptied, and take longer and longer.
 *
 * @param client a session of the tables' owner without a statement timeout
 * @returns records deleted
 */
export async function deleteExpired(
  client: PoolClient,
  { datasetId, before, signal }: RetentionOptions,
): Promise<number> {
  const table = recordTableName(datasetId);
  const touched: number[] = [];
  let deleted = 0;
  for (const { from, to } of await expiredStretches(client, table, before)) {
    if (signal.aborted) break;
    const started = performance.now();
    const { rowCount } = await client.query(
      `DELETE FROM ${table} WHERE ctid >= $1::tid AND ctid < $2::tid AND "timestamp" < $3`,
      [`(${from * PAGES_PER_RANGE},0)`, `(${to * PAGES_PER_RANGE},0)`, before.toISOString()],
    );
    for (let range = from; range < to; range++) touched.push(range);
    deleted += rowCount ?? 0;
    await new Promise((resolve) => setTimeout(resolve, performance.now() - started));
  }
  if (deleted > 0) {
    // Truncating the end of the table would need it for itself alone. Who has the table's lock is mostly an autovacuum.
    await client.query(`VACUUM (TRUNCATE off, SKIP_LOCKED) ${table}`);
    await withoutWaiting(client, () => forgetEmptyRanges(client, datasetId, touched));
  }
  return deleted;
}

async function expiredStretches(client: PoolClient, table: string, before: Date): Promise<Stretch[]> {
  const { rows } = await client.query<{ range: number; records: number }>(
    `SELECT floor((ctid::text::point)[0] / ${PAGES_PER_RANGE})::int AS range, count(*)::int AS records
       FROM ${table} WHERE "timestamp" < $1 GROUP BY 1 ORDER BY 1`,
    [before.toISOString()],
  );
  const stretches: Stretch[] = [];
  for (const { range, records } of rows) {
    const last = stretches.at(-1);
    if (last?.to === range && last.records + records <= BATCH) {
      last.to += 1;
      last.records += records;
    } else stretches.push({ from: range, to: range + 1, records });
  }
  return stretches;
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
