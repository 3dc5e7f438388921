import {
  FIELD_BASE_TYPES,
  FIELD_NAME_PATTERN,
  type FieldBaseType,
  type Fields,
  IMPLIED_FIELDS,
  RESERVED_FIELD_PREFIX,
} from './dataset.js';
import { ApiError, type ErrorDetail } from './errors.js';
import { faultSentence } from './fault-sentence.js';
import { LIMITS } from './limits.js';

/** One declared field, taken apart. */
export interface Field {
  name: string;
  type: FieldBaseType;
  /** May be absent or null in a record. */
  optional: boolean;
}

const NAME = new RegExp(FIELD_NAME_PATTERN);
/** Columns that every PostgreSQL table has already (manual, "System Columns"). */
const SYSTEM_COLUMNS: readonly string[] = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'];
/** Of a field's name, in what is said about it: names at fault may be as long as a body. */
const SHOWN_CHARACTERS = 100;
const TYPES: readonly string[] = FIELD_BASE_TYPES.flatMap((base) => [base, `${base}?`]);

/** The fields of a registered schema, in order. */
export function fieldList(fields: Fields): Field[] {
  return Object.entries(fields).map(([name, type]) => ({
    name,
    type: type.replace('?', '') as FieldBaseType,
    optional: type.endsWith('?'),
  }));
}

/**
 * The fields in the body of a schema registration: the value of `fields` when that is an object, else
 * the body itself (so a bare `{ "fields": "string" }` declares a field of that name).
 *
 * @throws ApiError `invalid_schema`, naming every field that breaks a rule
 */
export function parseFields(body: unknown): Fields {
  if (!isObject(body)) throw invalid('A schema is a JSON object of field names and types.', []);
  const wrapped = isObject(body.fields);
  if (wrapped && Object.keys(body).length > 1) {
    throw invalid('Send either { "fields": { … } } or the fields object alone, not both.', [
      ...Object.keys(body)
        .filter((key) => key !== 'fields')
        .map((path) => ({ path, message: 'stands beside "fields"' })),
    ]);
  }
  const entries = Object.entries(wrapped ? (body.fields as object) : body);
  const details = entries.length === 0 ? [{ path: '', message: 'must declare at least one field' }] : [];
  if (entries.length > LIMITS.schemaFields) {
    throw invalid(`A schema has at most ${LIMITS.schemaFields} fields; this one has ${entries.length}.`, []);
  }
  const seen = new Map<string, string>();
  for (const [name, type] of entries) {
    const fault = nameFault(name) ?? typeFault(type) ?? duplicateFault(name, seen);
    if (fault !== null) details.push({ path: name.slice(0, SHOWN_CHARACTERS), message: fault });
    seen.set(name.toLowerCase(), name);
  }
  if (details.length > 0) throw invalid(faultSentence('The schema was not registered', details), details);
  return Object.fromEntries(entries) as Fields;
}

/** Whether two registrations say the same, whatever the order of the fields. */
export function sameFields(a: Fields, b: Fields): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}

function nameFault(name: string): string | null {
  if ((IMPLIED_FIELDS as readonly string[]).includes(name.toLowerCase())) {
    return 'is part of every record already; leave it out';
  }
  if (name.startsWith(RESERVED_FIELD_PREFIX)) return 'must not start with "__", which is reserved';
  if (SYSTEM_COLUMNS.includes(name)) return 'is a name that the database keeps for itself';
  if (!NAME.test(name)) return 'must start with a letter or "_", then letters, digits or "_", at most 63 characters';
  return null;
}

function typeFault(type: unknown): string | null {
  if (typeof type === 'string' && TYPES.includes(type)) return null;
  return `must be one of ${FIELD_BASE_TYPES.join(', ')}, each optionally followed by "?"`;
}

function duplicateFault(name: string, seen: Map<string, string>): string | null {
  const earlier = seen.get(name.toLowerCase());
  return earlier === undefined ? null : `differs from "${earlier}" only in case`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, details: ErrorDetail[]): ApiError {
  return new ApiError('invalid_schema', message, { details });
}
