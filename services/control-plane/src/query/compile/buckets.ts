import { type Bucket, nearestName } from '@loguro/types';
import type { Faults } from './faults.js';
import { fieldExpression, type Source } from './source.js';
import type { Expression, Parameters } from './sql.js';

/** A time bucket as it may stand in `select`, `groupBy` and `orderBy`. */
export interface AnyBucket {
  bucket: Bucket;
  field?: string | undefined;
  timezone?: string | undefined;
}

/** A bucket of a field. */
export interface CompiledBucket extends Expression {
  /** The same for the same bucket of the same field. */
  id: string;
  bucket: Bucket;
  field: string;
  /** As asked for. */
  timezone: string;
  /** SQL for the start of the bucket that another instant falls into. */
  of(instant: string): string;
}

const FIXED: Partial<Record<Bucket, string>> = { minute: '1 minute', hour: '1 hour', day: '1 day', week: '7 days' };
/** A Monday, and the first instant a record can have: no bucket starts before it. */
const ORIGIN = `'0001-01-01 00:00:00+00'::timestamptz`;
// Names only: the offsets that some runtimes take ("+02:00") mean the opposite in PostgreSQL.
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

/**
 * Cuts a timestamp down to the start of its bucket; null after adding a fault.
 *
 * In UTC this is date_bin, which takes a third of the time of date_trunc; buckets of other time zones follow
 * the clock there, through every change of its offset.
 */
export function compileBucket(
  item: AnyBucket,
  id: string,
  path: string,
  { source, faults, parameters }: { source: Source; faults: Faults; parameters: Parameters },
): CompiledBucket | null {
  const { bucket, field: name, timezone = 'UTC' } = item;
  if (name === undefined) {
    faults.add(path, 'needs a "field", such as "timestamp", for its "bucket"');
    return null;
  }
  const field = fieldExpression(source, name, `${path}.field`, faults, 'argument');
  const zone = zoneNamed(timezone);
  if (zone === null) {
    faults.add(`${path}.timezone`, `names no IANA time zone: ${JSON.stringify(timezone)}${zoneInstead(timezone)}`);
    return null;
  }
  if (field === null) return null;
  if (field.type !== 'timestamp') {
    faults.add(`${path}.field`, `is a ${field.type}, but a "bucket" is made of a timestamp`);
    return null;
  }
  const of = zone === 'UTC' ? inUtc(bucket) : inZone(bucket, parameters.add(zone, 'text'));
  return { id, bucket, field: name, timezone, sql: of(field.sql), type: 'timestamp', nullable: field.nullable, of };
}

function inUtc(bucket: Bucket): (instant: string) => string {
  const span = FIXED[bucket];
  if (span === undefined) return (instant) => `date_trunc('${bucket}', ${instant}, 'UTC')`;
  return (instant) => `date_bin('${span}'::interval, ${instant}, ${ORIGIN})`;
}

function inZone(bucket: Bucket, zone: string): (instant: string) => string {
  return (instant) => `date_trunc('${bucket}', ${instant}, ${zone})`;
}

/** Zones that have been asked for; asking the runtime again costs more than the rest of the compilation. */
const known = new Map<string, string>();

/**
 * The zone as PostgreSQL is to be told, null when there is none. PostgreSQL takes a name such as "CET" for an
 * abbreviation, an offset that never changes, before it looks for a zone; so for a word alone it is given the zone that
 * the word stands for.
 */
function zoneNamed(name: string): string | null {
  const before = known.get(name.toLowerCase());
  if (before !== undefined) return before;
  try {
    if (!ZONE_NAME.test(name)) return null;
    const { timeZone } = Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    const zone = name.includes('/') ? name : timeZone;
    // Names that are no zone are not kept: callers could make up any number of them.
    known.set(name.toLowerCase(), zone);
    return zone;
  } catch {
    // A RangeError: no such zone.
    return null;
  }
}

/** The zone that was probably meant, misspelt or by the name of its city alone; else one as an example. */
function zoneInstead(name: string): string {
  const zones = Intl.supportedValuesOf('timeZone');
  const city = `/${name.toLowerCase().replaceAll(' ', '_')}`;
  const meant = zones.find((zone) => zone.toLowerCase().endsWith(city)) ?? nearestName(name, zones);
  return meant === undefined ? '; one is "Europe/Bucharest"' : `; did you mean ${JSON.stringify(meant)}?`;
}
