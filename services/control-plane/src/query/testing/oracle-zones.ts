import type { Bucket } from '@loguro/types';

const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Offsets of quarters of an hour: since 1970 clocks change between two of them, in the zones that are asked here.
 * Before that, offsets of single instants, of which the same few are asked again and again.
 */
const offsets = new Map<string, bigint>();

/** How far the clock of a zone is ahead of UTC at an instant, in microseconds. */
function offsetAt(instant: bigint, zone: string): bigint {
  if (zone === 'UTC') return 0n;
  const key = instant < 0n ? `at ${instant} ${zone}` : `${instant / (900n * SECOND)} ${zone}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    offset = readOffset(instant, zone);
    offsets.set(key, offset);
  }
  return offset;
}

/** The same by the runtime's own data, which takes its time. */
function readOffset(instant: bigint, zone: string): bigint {
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const;
    format = new Intl.DateTimeFormat('en-u-hc-h23', { timeZone: zone, era: 'short', ...numeric });
    formats.set(zone, format);
  }
  const seconds = floorTo(instant, SECOND) / SECOND;
  const parts = Object.fromEntries(
    format.formatToParts(Number(seconds) * 1000).map(({ type, value }) => [type, value]),
  );
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
  const local =
    fromCivil(year, Number(parts.month), Number(parts.day)) +
    BigInt(Number(parts.hour) * 3600 + Number(parts.minute) * 60 + Number(parts.second)) * SECOND;
  return local - seconds * SECOND;
}

/** The start of the bucket that an instant falls into; both in microseconds since the epoch. */
export function bucketStart(instant: bigint, bucket: Bucket, zone: string): bigint {
  const offset = offsetAt(instant, zone);
  const local = instant + offset;
  // Hours and minutes are parts of the hour that the clock shows, also when it shows that hour twice.
  if (bucket === 'minute') return floorTo(local, 60n * SECOND) - offset;
  if (bucket === 'hour') return floorTo(local, 3600n * SECOND) - offset;
  return toInstant(localStart(local, bucket), zone);
}

function localStart(local: bigint, bucket: Bucket): bigint {
  const day = floorTo(local, DAY);
  if (bucket === 'day') return day;
  // The epoch was a Thursday, three days after a Monday.
  if (bucket === 'week') return floorTo(day + 3n * DAY, 7n * DAY) - 3n * DAY;
  const { year, month } = civilOf(day);
  return fromCivil(year, month, 1);
}

/** The instant at which the clock of a zone shows a time: of two the later, of none the one after the gap. */
function toInstant(local: bigint, zone: string): bigint {
  const before = offsetAt(local - DAY, zone);
  const after = offsetAt(local + DAY, zone);
  if (offsetAt(local - after, zone) === after) return local - after;
  return local - before;
}

function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return rest < 0n ? value - rest - step : value - rest;
}

function fromCivil(year: number, month: number, day: number): bigint {
  // 400 years are a whole number of days; Date.UTC takes years below 100 for those of the last century.
  return BigInt(Date.UTC(year + 400, month - 1, day)) * 1000n - 12_622_780_800n * SECOND;
}

function civilOf(instant: bigint): { year: number; month: number } {
  const date = new Date(Number(floorTo(instant, SECOND) / 1000n));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 };
}
