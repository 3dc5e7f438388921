import type { ErrorDetail } from '../errors.js';
import type { Fields } from '../fields.js';
import { nearestName } from './nearest-name.js';
import { isTimestamp } from './timestamp.js';

// The rules, their order and their words are the server's, so that a fault reads the same wherever it is found; a test
// feeds both the same records and compares.

const TIMESTAMP = 'an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z';
const EXPECTED: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  timestamp: TIMESTAMP,
  context: 'an object; send {} when there is nothing to say',
};
const CONTEXT_DEPTH = 32;
const MAX_DETAILS = 100;
const MAX_PATH = 200;
const MAX_SHOWN = 40;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Says everything that is wrong with a record, in the order of its keys; an empty list when nothing is.
 *
 * @param brief nobody reads it: the first fault, found without looking for names that were meant, is enough
 */
export type RecordCheck = (record: unknown, brief?: boolean) => ErrorDetail[];

/** Gathers faults up to the number that an answer shows, then makes the search stop. */
class Faults {
  readonly details: ErrorDetail[] = [];

  get full(): boolean {
    return this.details.length >= MAX_DETAILS;
  }

  /** Without a message, nothing is wrong. */
  add(path: string, message: string | undefined): void {
    if (message && !this.full) this.details.push({ path: shorten(path, MAX_PATH), message });
  }
}

/** @param fields the declared ones; without them only what holds for every dataset is checked */
export function createRecordCheck(fields?: Readonly<Fields>): RecordCheck {
  const all: Record<string, string> = { timestamp: 'timestamp', context: 'context', ...fields };
  const names = Object.keys(all);
  return (record, brief) => {
    const faults = new Faults();
    if (!isObject(record)) faults.add('', `must be an object, got ${describe(record)}`);
    else {
      const given = new Map(Object.entries(record));
      for (const [name, value] of given) {
        // Comparing names takes time, and there may be thousands.
        if (faults.full || (brief && faults.details.length > 0)) break;
        if (value === undefined) continue;
        if (names.includes(name)) checkValue(name, all[name] as string, toJson(value), faults);
        else if (fields === undefined) checkAny(name, toJson(value), 1, faults);
        else faults.add(name, unknownField(name, brief ? [] : names));
      }
      for (const name of names) {
        const type = all[name] as string;
        if (given.get(name) === undefined && !type.endsWith('?')) faults.add(name, `is required: ${EXPECTED[type]}`);
      }
    }
    return faults.details;
  };
}

function checkValue(name: string, type: string, value: unknown, faults: Faults): void {
  if (value === null && type.endsWith('?')) return;
  const base = type.replace('?', '');
  if (base === 'context') {
    if (isObject(value)) checkAny(name, value, CONTEXT_DEPTH, faults);
    else faults.add(name, `must be an object, got ${describe(value)}`);
  } else if (typeof value !== (base === 'timestamp' ? 'string' : base)) {
    faults.add(name, `must be ${EXPECTED[base]}, got ${describe(value)}`);
  } else if (base === 'timestamp' && !isTimestamp(value as string)) {
    faults.add(name, `must be ${TIMESTAMP}, in the years 0001 to 9999; got ${describe(value)}`);
  } else checkAny(name, value, 0, faults);
}

/** Checks a value of any shape, and everything in it, down to so many levels. */
function checkAny(path: string, value: unknown, levels: number, faults: Faults): void {
  if (typeof value !== 'object' || value === null) faults.add(path, scalarFault(value));
  else if (levels === 0) faults.add(path, `is nested deeper than ${CONTEXT_DEPTH} levels`);
  else {
    for (const [key, raw] of Object.entries(value)) {
      // An object that contains itself has no end; its faults do.
      if (faults.full) return;
      const fault = scalarFault(key);
      faults.add(path, fault && `has the key ${describe(key).replace('the string ', '')}, which ${fault}`);
      const item = toJson(raw);
      // Most items are scalars without a fault, and need no path.
      if (typeof item !== 'object' && !scalarFault(item)) continue;
      const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${shorten(key, MAX_PATH)}`;
      checkAny(at, item, levels - 1, faults);
    }
  }
}

/** What no store can hold, or JSON would silently turn into null. */
function scalarFault(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'must not contain U+0000';
    if (LONE_SURROGATE.test(value)) return 'must not contain an unpaired surrogate; it can not be written as UTF-8';
  } else if (typeof value === 'bigint' || Number.isNaN(value)) return `must be a number, got ${describe(value)}`;
  else if (typeof value === 'number' && !Number.isFinite(value)) {
    return 'must be a number that fits a 64-bit double; this one is too large';
  }
  return undefined;
}

function unknownField(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return `is not a field of this dataset${nearest ? `; did you mean "${nearest}"?` : ''}`;
}

/** What JSON.stringify would write in its place: a `Date` becomes its text. */
function toJson(value: unknown): unknown {
  const { toJSON } = (value ?? {}) as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value) : value;
}

/** A value in words. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (value === '') return 'an empty string';
  return `the ${typeof value} ${typeof value === 'string' ? JSON.stringify(shorten(value, MAX_SHOWN)) : String(value)}`;
}

/** Cut when it is long, and well-formed whatever is cut. */
function shorten(text: string, characters: number): string {
  const cut = text.length <= characters ? text : `${text.slice(0, characters)}…`;
  return cut.replace(/\p{Surrogate}/gu, '\ufffd');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
