import { parseTimestamp } from '@loguro/types';
import { sourceOf } from './compile/source.js';
import type { TableExtent } from './compile/windows.js';
import type { Ask } from './connection.js';
import { AS_TEXT, decodeTimestamp } from './decode.js';
import type { QueryTarget } from './query-service.js';

/** Pages of a table looked at from each end: some thousand records. */
const PAGES = 32;
const PAGE_BYTES = 8192;

/** How long an extent is believed: while no more records than this can have come. A stale one costs time, nothing else. */
const NEW_RECORDS = 10_000;
const BELIEVED_MS = { min: 1000, max: 60_000 };

/** What was found out about a table; without `extent`, that the ends of it hold no records. */
export interface KnownExtent {
  extent?: TableExtent;
}

/** Knows where the records of tables lie in time, well enough to look for the newest ones in the right place. */
export interface TableExtents {
  /** What is known of it without asking. */
  known(target: QueryTarget): KnownExtent | undefined;
  /** Looks at the table. */
  read(ask: Ask, target: QueryTarget): Promise<KnownExtent>;
}

/**
 * Records are appended, so that a table's first and last pages hold its oldest and newest ones, but for latecomers.
 *
 * @param max tables remembered
 */
export function createTableExtents(max: number): TableExtents {
  const remembered = new Map<number, KnownExtent & { until: number }>();
  return {
    known(target) {
      const found = remembered.get(target.id);
      return found !== undefined && found.until > performance.now() ? found : undefined;
    },
    async read(ask, target) {
      const extent = await readExtent(ask, target);
      const found = extent === undefined ? {} : { extent };
      remembered.delete(target.id);
      remembered.set(target.id, { ...found, until: performance.now() + believedMs(extent) });
      // The first key of a map is its oldest.
      if (remembered.size > max) remembered.delete(remembered.keys().next().value as number);
      return found;
    },
  };
}

function believedMs(extent: TableExtent | undefined): number {
  const ms = (NEW_RECORDS / (extent?.recordsPerSecond ?? 1)) * 1000;
  return Math.min(Math.max(ms, BELIEVED_MS.min), BELIEVED_MS.max);
}

async function readExtent(ask: Ask, target: QueryTarget): Promise<TableExtent | undefined> {
  const { table } = sourceOf(target);
  const size = await ask<{ pages: number }>('SELECT (pg_relation_size($1::regclass) / $2)::float8 AS pages', [
    table,
    PAGE_BYTES,
  ]);
  const pages = size.rows[0]?.pages ?? 0;
  // Without the outermost tenths, and the density is that of the middle half: latecomers and clocks that are ahead would
  // make the table look longer than it is.
  const { rows } = await ask<Record<'oldest' | 'newest' | 'records' | 'seconds', string | null>>({
    text: `SELECT (SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY "timestamp") FROM ${table} WHERE ctid < $1::tid) AS oldest,
                  percentile_disc(0.9) WITHIN GROUP (ORDER BY "timestamp") AS newest, count(*) AS records,
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
  const records = Number(row.records);
  const rate = records / 2 / Number(row.seconds);
  return { oldest, newest, beyond: records / 10, recordsPerSecond: Number.isFinite(rate) && rate > 0 ? rate : null };
}
