import type { PoolClient } from 'pg';
import { recordIndexName } from '../datasets/record-table.js';
import { PAGES_PER_RANGE } from './retention.js';
import { withoutWaiting } from './without-waiting.js';

/** Keeps the indexes of record tables up with the records that were appended. */
export interface IndexGrowth {
  /**
   * Sums up the block ranges that were filled since the last time. Until that happens every query reads them whole.
   * While the table is in other hands (a VACUUM, an index being built) nothing is done; the next time catches up.
   *
   * @param pages the table's size now
   * @returns ranges summed up
   */
  catchUp(client: PoolClient, datasetId: number, pages: number): Promise<number>;
  /** Forgets tables that are no more. */
  keepOnly(datasetIds: ReadonlySet<number>): void;
}

/** PostgreSQL would do it with the next VACUUM, which can be a fifth of the table later. */
export function createIndexGrowth(): IndexGrowth {
  /** Ranges of each table that are summed up, counted from its start. */
  const done = new Map<number, number>();
  return {
    async catchUp(client, datasetId, pages) {
      const from = done.get(datasetId) ?? 0;
      // The last range is still being filled: new records are cheaper while it is not summed up.
      const full = Math.floor(pages / PAGES_PER_RANGE);
      if (full <= from) return 0;
      const summedUp = await withoutWaiting(client, async () => {
        const { rows } = await client.query<{ n: number }>(
          `SELECT coalesce(sum(brin_summarize_range($1::regclass, range * ${PAGES_PER_RANGE})), 0)::int AS n
             FROM generate_series($2::bigint, $3::bigint - 1) AS range`,
          [recordIndexName(datasetId), from, full],
        );
        return rows[0]?.n ?? 0;
      });
      if (summedUp !== undefined) done.set(datasetId, full);
      return summedUp ?? 0;
    },
    keepOnly(datasetIds) {
      for (const id of done.keys()) if (!datasetIds.has(id)) done.delete(id);
    },
  };
}
