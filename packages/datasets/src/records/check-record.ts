import type { ErrorDetail } from '../errors.js';
import type { FieldBaseType, Fields } from '../fields.js';
import { nearestName } from './nearest-name.js';
import { isTimestamp } from './timestamp.js';

// The rules, their order and their words are the server's, so that a fault reads the same wherever it is found; a test
// feeds both the same records and compares.

const TIMESTAMP = 'an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z';
const EXPECTED = { string: 'a string', number: 'a number', boolean: 'true or false', timestamp: TIMESTAMP };
const CONTEXT_DEPTH = 32;
const MAX_DETAILS = 100;
const MAX_PATH = 200;
const MAX_SHOWN = 40;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Says everything that is wrong with a record, in the order of its keys; an empty list when nothing is. */
export type RecordCheck = (record: unknown) => ErrorDetail[];

/** Gathers faults up to the number that an answer shows, then makes the search stop. */
class Faults {
  readonly details: ErrorDetail[] = [];

  get full(): boolean {
    return this.details.length >= MAX_DETAILS;
  }

  add(path: string, message: string): void {
    if (!this.full) this.details.push({ path: shorten(path, MAX_PATH), message });
  }
}

/** @param fields the declared ones; without them only what holds for every dataset is checked */
export function createRecordCheck(fields?: Readonly<Fields>): RecordCheck {
  const declared = Object.entries(fields ?? {});
  const types = new Map<string, string>([['timestamp', 'timestamp'], ...declared]);
  const known = ['timestamp', 'context', ...Object.keys(fields ?? {})];
  return (record) => {
    const faults = new Faults();
    if (!isObject(record)) {
      faults.add('', `must be an object, got ${describe(record)}`);
      return faults.details;
    }
    const present = Object.entries(record).filter(([, value]) => value !== undefined);
    for (const [name, value] of present) {
      const type = types.get(name);
      if (name === 'context') checkContext(toJson(value), faults);
      else if (type !== undefined) checkValue(name, type, toJson(value), faults);
      else if (fields === undefined) checkScalar(name, toJson(value), faults);
      else faults.add(name, unknownField(name, known));
    }
    const names = new Set(present.map(([name]) => name));
    const need = (name: string, what: string) => {
      if (!names.has(name)) faults.add(name, `is required: ${what}`);
    };
    need('timestamp', TIMESTAMP);
    need('context', 'an object; send {} when there is nothing to say');
    for (const [name, type] of declared) if (!type.endsWith('?')) need(name, EXPECTED[type as FieldBaseType]);
    return faults.details;
  };
}

function checkValue(name: string, type: string, value: unknown, faults: Faults): void {
  if (value === null && type.endsWith('?')) return;
  const base = type.replace('?', '') as FieldBaseType;
  if (typeof value !== (base === 'timestamp' ? 'string' : base)) {
    faults.add(name, `must be ${EXPECTED[base]}, got ${describe(value)}`);
  } else if (base === 'timestamp' && !isTimestamp(value as string)) {
    faults.add(name, `must be ${TIMESTAMP}, in the years 0001 to 9999; got ${describe(value)}`);
  } else checkScalar(name, value, faults);
}

function checkContext(context: unknown, faults: Faults): void {
  if (isObject(context)) checkNested(context, 'context', CONTEXT_DEPTH, faults);
  else faults.add('context', `must be an object, got ${describe(context)}`);
}

function checkNested(value: object, path: string, levels: number, faults: Faults): void {
  if (levels === 0) {
    faults.add(path, `is nested deeper than ${CONTEXT_DEPTH} levels`);
    return;
  }
  for (const [key, raw] of Object.entries(value)) {
    // An object that contains itself has no end; its faults do.
    if (faults.full) return;
    const item = toJson(raw);
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${shorten(key, MAX_PATH)}`;
    const keyFault = scalarFault(key);
    if (keyFault !== undefined) {
      faults.add(path, `has the key ${describe(key).replace('the string ', '')}, which ${keyFault}`);
    }
    if (typeof item === 'object' && item !== null) checkNested(item, at, levels - 1, faults);
    else checkScalar(at, item, faults);
  }
}

function checkScalar(path: string, value: unknown, faults: Faults): void {
  const fault = scalarFault(value);
  if (fault !== undefined) faults.add(path, fault);
}

/** What no store can hold, or JSON would silently turn into null. */
function scalarFault(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0')) return 'must not contain U+0000';
      return LONE_SURROGATE.test(value)
        ? 'must not contain an unpaired surrogate; it can not be written as UTF-8'
        : undefined;
    case 'number':
      if (Number.isFinite(value)) return undefined;
      return Number.isNaN(value)
        ? 'must be a number, got NaN'
        : 'must be a number that fits a 64-bit double; this one is too large';
    case 'bigint':
      return `must be a number, got ${describe(value)}`;
    default:
      return undefined;
  }
}

function unknownField(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return `is not a field of this dataset${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
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
