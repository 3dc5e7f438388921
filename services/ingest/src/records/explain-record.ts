import { type ErrorDetail, type Field, LIMITS, nearestName } from '@loguro/types';
import { describeValue, shortened } from './describe-value.js';
import { timestampText } from './timestamp-text.js';

const TIMESTAMP_HINT = 'an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z';
const EXPECTED: Record<Field['type'], string> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  timestamp: TIMESTAMP_HINT,
};
const FORBIDDEN = {
  nul: 'must not contain U+0000',
  surrogate: 'must not contain an unpaired surrogate; it can not be written as UTF-8',
  infinite: 'must be a number that fits a 64-bit double; this one is too large',
};
/** Of a path, in characters: names come from the client and may be as long as a record. */
const PATH_LENGTH = 200;

/**
 * Every fault of a record, in the order of its keys, missing ones last. Only for records the encoder
 * refused: here nothing is fast, so that everything can be clear.
 */
export function explainRecord(fields: readonly Field[], record: unknown, max: number): ErrorDetail[] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return [{ path: '', message: `must be an object, got ${describeValue(record)}` }];
  }
  const declared = new Map<string, Field>(fields.map((field) => [field.name, field]));
  const known: readonly string[] = ['timestamp', 'context', ...declared.keys()];
  const details: ErrorDetail[] = [];
  const add = (path: string, message: string) => {
    if (details.length < max) details.push({ path: shortened(path, PATH_LENGTH), message });
  };
  for (const [name, value] of Object.entries(record)) {
    // A record can have thousands of names, and each unknown one is compared with all that are known.
    if (details.length >= max) break;
    const field = declared.get(name);
    if (name === 'timestamp') explainValue({ name, type: 'timestamp', optional: false }, value, add);
    else if (name === 'context') explainContext(value, add);
    else if (field === undefined) add(name, unknownField(name, known));
    else explainValue(field, value, add);
  }
  const missing = (name: string, what: string) => {
    if (!Object.hasOwn(record, name)) add(name, `is required: ${what}`);
  };
  missing('timestamp', TIMESTAMP_HINT);
  missing('context', 'an object; send {} when there is nothing to say');
  for (const { name, type, optional } of fields) if (!optional) missing(name, EXPECTED[type]);
  return details;
}

type Add = (path: string, message: string) => void;

function explainValue({ name, type, optional }: Field, value: unknown, add: Add): void {
  if (value === null && optional) return;
  const fault = valueFault(type, value);
  if (fault !== null) add(name, fault);
}

function valueFault(type: Field['type'], value: unknown): string | null {
  const wanted = typeof value === (type === 'timestamp' ? 'string' : type);
  if (!wanted) return `must be ${EXPECTED[type]}, got ${describeValue(value)}`;
  if (type === 'timestamp' && timestampText(value as string) === null) {
    return `must be ${TIMESTAMP_HINT}, in the years 0001 to 9999; got ${describeValue(value)}`;
  }
  return scalarFault(value);
}

function scalarFault(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return FORBIDDEN.infinite;
  if (typeof value !== 'string') return null;
  if (value.includes('\0')) return FORBIDDEN.nul;
  return value.isWellFormed() ? null : FORBIDDEN.surrogate;
}

function explainContext(context: unknown, add: Add): void {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    add('context', `must be an object, got ${describeValue(context)}`);
    return;
  }
  explainNested(context, 'context', LIMITS.contextDepth, add);
}

function explainNested(value: object, path: string, levels: number, add: Add): void {
  if (levels === 0) {
    add(path, `is nested deeper than ${LIMITS.contextDepth} levels`);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${shortened(key, PATH_LENGTH)}`;
    const keyFault = scalarFault(key);
    if (keyFault !== null) add(path, `has the key ${describeValue(key).replace('the string ', '')}, which ${keyFault}`);
    const fault = scalarFault(item);
    if (fault !== null) add(at, fault);
    else if (typeof item === 'object' && item !== null) explainNested(item, at, levels - 1, add);
  }
}

function unknownField(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return `is not a field of this dataset${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
}
