import { formatInstant, type Instant, LIMITS, MIN_TIMESTAMP_MS, parseTimestamp, type Query } from '@loguro/types';
import type { Faults } from './faults.js';

/** A span of time, both ends included. */
export interface InstantRange {
  from: Instant;
  to: Instant;
}

/** The range of a query with the defaults filled in: until now, and the seven days before. */
export function resolveRange(range: Query['range'], now: Date, faults: Faults): InstantRange {
  const to = read(range?.to, 'range.to', faults) ?? fromMs(now.getTime());
  const from = read(range?.from, 'range.from', faults) ?? daysBefore(to);
  if (compareInstants(from, to) > 0) {
    const end = range?.to === undefined ? 'now, where the range ends by default' : 'range.to';
    faults.add('range.from', `is after ${end}`);
  }
  return { from, to };
}

/** Negative when `a` is earlier, 0 when they are the same. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.micros - b.micros;
}

/** The ends as RFC 3339 strings. */
export function formatRange({ from, to }: InstantRange): { from: string; to: string } {
  return { from: formatInstant(from), to: formatInstant(to) };
}

function read(text: string | undefined, path: string, faults: Faults): Instant | undefined {
  if (text === undefined) return undefined;
  const instant = parseTimestamp(text);
  if (instant === null) faults.add(path, 'is not an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z');
  return instant ?? undefined;
}

function fromMs(ms: number): Instant {
  const seconds = Math.floor(ms / 1000);
  return { seconds, micros: (ms - seconds * 1000) * 1000 };
}

function daysBefore(to: Instant): Instant {
  const seconds = to.seconds - LIMITS.queryRangeDefaultMs / 1000;
  return seconds * 1000 < MIN_TIMESTAMP_MS ? fromMs(MIN_TIMESTAMP_MS) : { seconds, micros: to.micros };
}
