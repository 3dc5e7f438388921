import type { Instant } from '@loguro/types';
import { compareInstants, type InstantRange } from './range.js';

/**
 * Where the records of a table lie in time, about: what its first and last pages hold. Answers never depend on
 * it, only the time they take.
 */
export interface TableExtent {
  oldest: Instant;
  newest: Instant;
  /** Records that lie later than `newest`, and as many earlier than `oldest`, about. */
  beyond: number;
  /** How densely the records lie, about; null when that can't be said. */
  recordsPerSecond: number | null;
}

/** Each window is so much wider than the one before: few statements to plan, and few rows too many. */
const GROWTH = 30;
const WINDOWS = 4;
/** The first window, in seconds, when nothing is known. */
const FIRST_SECONDS = 10;
/** The first window has room for so many times the rows that are asked for. */
const ROOM = 2;
/** … and reaches so many times these rows into what is known, whatever lies beyond. */
const LEAST_ROOM = 0.5;

/**
 * Cuts a range into windows for reading its first rows in order of time: a small one where the rows are, then
 * larger and larger ones. What lies outside of where the rows are belongs to the first window: few rows or none,
 * and a look into the index less. Read one after the other until there are enough rows, they make the newest rows as
 * cheap as an index in that order would, without one: the block ranges of a BRIN index find a window, but they
 * know no order.
 *
 * @param descending newest first
 * @param limit rows that are wanted
 * @returns disjoint windows that make up the range, in reading order; each end belongs to the window but `before`
 */
export function windowsOf(
  range: InstantRange,
  descending: boolean,
  limit: number,
  extent: TableExtent | undefined,
): TimeWindow[] {
  const cuts = cutsOf(range, descending, limit, extent);
  if (!descending) {
    const starts = [range.from, ...cuts];
    return starts.map((from, i) => closed(from, starts[i + 1], range.to));
  }
  const starts = [...cuts, range.from];
  return starts.map((from, i) => closed(from, starts[i - 1], range.to));
}

/** A span of time: from `from` until `to`, included, or until `before`, excluded. */
export type TimeWindow = { from: Instant; to: Instant } | { from: Instant; before: Instant };

function closed(from: Instant, before: Instant | undefined, to: Instant): TimeWindow {
  return before === undefined ? { from, to } : { from, before };
}

/** Instants strictly inside of the range, in reading order. */
function cutsOf(range: InstantRange, descending: boolean, limit: number, extent: TableExtent | undefined): Instant[] {
  const anchor = anchorOf(range, descending, extent);
  const direction = descending ? -1 : 1;
  const rate = extent?.recordsPerSecond ?? null;
  const end = descending ? range.to : range.from;
  const first = rate === null ? FIRST_SECONDS : firstSeconds(limit, rate, between(anchor, end, rate, extent));
  const widths = Array.from({ length: WINDOWS }, (_, i) => first * GROWTH ** i);
  const instants = widths.map((width) => ({ ...anchor, seconds: anchor.seconds + direction * width }));
  return instants.filter((cut) => compareInstants(cut, range.from) > 0 && compareInstants(cut, range.to) < 0);
}

/** Rows that the first window gets for nothing, between the anchor and the end of the range. */
function between(anchor: Instant, end: Instant, rate: number, extent: TableExtent | undefined): number {
  return Math.min(Math.abs(end.seconds - anchor.seconds) * rate, extent?.beyond ?? 0);
}

function firstSeconds(limit: number, rate: number, rows: number): number {
  return Math.ceil(Math.max(ROOM * limit - rows, LEAST_ROOM * limit) / rate);
}

/** Where reading starts in earnest: at the end of the range, or at the end of the table when that comes first. */
function anchorOf(range: InstantRange, descending: boolean, extent: TableExtent | undefined): Instant {
  if (extent === undefined) return descending ? range.to : range.from;
  if (descending) return compareInstants(extent.newest, range.to) < 0 ? extent.newest : range.to;
  return compareInstants(extent.oldest, range.from) > 0 ? extent.oldest : range.from;
}
