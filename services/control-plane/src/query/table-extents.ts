import { parseTimestamp } from '@loguro/types';
import type { PoolClient } from 'pg';
import { sourceOf } from './compile/source.js';
import type { TableExtent } from './compile/windows.js';
import { AS_TEXT, decodeTimestamp } from './decode.js';
import type { QueryTarget } from './query-service.js';

/** Pages of a table looked at from each end: some thousand records. */
const PAGES = 32;
const PAGE_BYTES = 8192;

/** Knows where the records of tables lie in time, well enough to look for the newest ones in the right place. */
export interface TableExtents {
  /** Null where the ends of the table hold no records, as in an empty one. */
  of(client: PoolClient, target: QueryTarget): Promise<TableExtent | undefined>;
}

/** Options of {@link createTableExtents}. */
export interface TableExtentsOptions {
  /** How long an extent is believed, in milliseconds. A stale one costs time, nothing else. */
  ttlMs: number;
  /** Tables remembered. */
  max: number;
}

/** Records are appended, so that a table's first and last pages hold its oldest and newest ones, but for latecomers. */
export function createTableExtents({ ttlMs, max }: TableExtentsOptions): TableExtents {
  const known = new Map<number, { extent: TableExtent | undefined; until: number }>();
  return {
    async of(client, target) {
      const found = known.get(target.id);
      if (found !== undefined && found.until > performance.now()) return found.extent;
      const extent = await readExtent(client, target);
      known.delete(target.id);
      known.set(target.id, { extent, until: performance.now() + ttlMs });
      // The first key of a map is its oldest.
      if (known.size > max) known.delete(known.keys().next().value as number);
      return extent;
    },
  };
}

async function readExtent(client: PoolClient, target: QueryTarget): Promise<TableExtent | undefined> {
  const { table } = sourceOf(target);
  const size = await client.query<{ pages: number }>('SELECT (pg_relation_size($1::regclass) / $2)::float8 AS pages', [
    table,
    PAGE_BYTES,
  ]);
  const pages = size.rows[0]?.pages ?? 0;
  // The density is that of the middle half: latecomers would make the rest look longer than it is.
  const { rows } = await client.query<Record<'oldest' | 'newest' | 'records' | 'seconds', string | null>>({
    text: `SELECT (SELECT min("timestamp") FROM ${table} WHERE ctid < $1::tid) AS oldest,
                  max("timestamp") AS newest, count(*) / 2 AS records,
                  extract(epoch FROM percentile_disc(0.75) WITHIN GROUP (ORDER BY "timestamp")
                                   - percentile_disc(0.25) WITHIN GROUP (ORDER BY "timestamp")) AS seconds
             FROM ${table} WHERE ctid >= $2::tid`,
    // Values that the planner knows: of a place that is computed it would expect a third of the table.
    values: [`(${PAGES},0)`, `(${Math.max(0, pages - PAGES)},0)`],
    types: AS_TEXT,
  });
  const row = rows[0];
  if (row === undefined || row.oldest === null || row.newest === null) return undefined;
  const [oldest, newest] = [row.oldest, row.newest].map((text) => parseTimestamp(decodeTimestamp(text)));
  if (!oldest || !newest) return undefined;
  const rate = Number(row.records) / Number(row.seconds);
  return { oldest, newest, recordsPerSecond: Number.isFinite(rate) && rate > 0 ? rate : null };
}
