import type { Instant } from '@loguro/types';
import { compareInstants } from './compile/range.js';
import type { TimeOrder } from './compile/raw.js';
import type { TableExtent, TimeWindow } from './compile/windows.js';

/** Cuts a range into windows while they are read, each about as wide as holds the same number of rows. */
export interface StreamWindows {
  /** The next window in reading order; null: that was all. */
  next(): TimeWindow | null;
  /**
   * Tells of the last window.
   *
   * @param rows that it held
   * @param waitMs until its first rows came, or it was known to hold none
   */
  ended(rows: number, waitMs: number): void;
}

/** Rows of a window, about: their sort fits into a session's work_mem unless the rows are large. */
const ROWS = 50_000;
/** The first one is small: its rows are waited for. */
const FIRST_ROWS = 5000;
/** The first window when nothing is known, in seconds. */
const FIRST_SECONDS = 10;
/** A window is so many times as wide as the one before at the most: after an empty one, and after one with rows. */
const GROWTH = { empty: 30, found: 4 };
/** … and not narrower than this part of it. */
const SHRINKAGE = 1 / 30;
/** Where the order of time is not that of the table, each window reads much of it: the slower, the fewer windows. */
const SLOW_MS = 1000;

const MICROS = 1_000_000;

/**
 * Sorted as one, all rows of a large range would have to be read and written to disk before the first can be sent, and
 * past some size there is no disk for it. Answers do not depend on the windows.
 */
export function createStreamWindows({ range, descending }: TimeOrder, extent?: TableExtent): StreamWindows {
  const end = descending ? range.from : range.to;
  const rate = extent?.recordsPerSecond ?? null;
  let width = rate === null ? FIRST_SECONDS : FIRST_ROWS / rate;
  let rowsWanted = ROWS;
  /** Where the window before ended; it has this instant itself when it is read downwards. */
  let edge: Instant | null = null;
  let done = false;

  /** Where the rows begin: at the end of the range, or of the table when that comes first. */
  function start(): Instant {
    const outer = descending ? range.to : range.from;
    const inner = descending ? extent?.newest : extent?.oldest;
    return inner !== undefined && ahead(inner, outer) ? inner : outer;
  }
  const ahead = (a: Instant, b: Instant) => (descending ? compareInstants(a, b) < 0 : compareInstants(a, b) > 0);

  return {
    next() {
      if (done) return null;
      const cut = plusSeconds(edge ?? start(), descending ? -width : width);
      const before = edge;
      done = !ahead(end, cut);
      edge = cut;
      if (descending) {
        const from = done ? range.from : cut;
        return before === null ? { from, to: range.to } : { from, before };
      }
      const from = before ?? range.from;
      return done ? { from, to: range.to } : { from, before: cut };
    },
    ended(rows, waitMs) {
      if (waitMs > SLOW_MS) rowsWanted *= 2;
      const factor = rows === 0 ? GROWTH.empty : Math.min(Math.max(rowsWanted / rows, SHRINKAGE), GROWTH.found);
      width *= factor;
    },
  };
}

/** A microsecond on at the least, so that windows get on. */
function plusSeconds({ seconds, micros }: Instant, width: number): Instant {
  const whole = Math.trunc(width);
  const part = Math.round((width - whole) * MICROS) || (whole === 0 ? Math.sign(width) : 0);
  const total = micros + part;
  const carry = Math.floor(total / MICROS);
  return { seconds: seconds + whole + carry, micros: total - carry * MICROS };
}
