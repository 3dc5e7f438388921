import { setTimeout as sleep } from 'node:timers/promises';
import type { DatasetQueryClient, Query } from '@loguro/datasets';
import type { Row } from '../output/formats.js';
import { RecentRecords } from './recent-records.js';

/** Options of {@link followRecords}. */
export interface FollowOptions {
  /** What to select, and the conditions; the range and the order are added. `timestamp` has to be selected. */
  query: Query;
  /** Records of before this are not shown. Milliseconds since the epoch. */
  from: number;
  /** How late a record may arrive, by its timestamp. */
  windowMs: number;
  intervalMs: number;
  now(): number;
  /** Ends the iteration. */
  signal: AbortSignal;
}

/**
 * Yields records as they arrive, oldest first.
 *
 * There is no order of arrival to ask for, only timestamps, and records may come late and share one. So the window
 * before now is asked again each time, and what was in it before is taken away, by content and count: two equal
 * records are two.
 */
export async function* followRecords(
  client: Pick<DatasetQueryClient, 'stream'>,
  datasetId: number,
  { query, from, windowMs, intervalMs, now, signal }: FollowOptions,
): AsyncGenerator<Row[], void, undefined> {
  const recent = new RecentRecords();
  // What is there at the start is not an arrival, unless it was asked for.
  let first = true;
  while (!signal.aborted) {
    const windowFrom = now() - windowMs;
    recent.forgetBefore(windowFrom);
    const found: Row[] = [];
    try {
      for await (const row of client.stream(datasetId, toQuery(query, windowFrom), { signal })) {
        const isNew = recent.add(row);
        if (isNew && (!first || timeOf(row) >= from)) found.push(row);
      }
      recent.endOfRound();
      if (found.length > 0) yield found;
      first = false;
      await sleep(intervalMs, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}

/** To the end of time: a record may come from a clock that is ahead. */
function toQuery(query: Query, from: number): Query {
  const range = { from: new Date(from).toISOString(), to: '9999-12-31T23:59:59Z' };
  return { ...query, range, orderBy: [{ field: 'timestamp', direction: 'asc' }] };
}

function timeOf(row: Row): number {
  return Date.parse(String(row.timestamp));
}
