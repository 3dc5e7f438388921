import type { Field } from '@loguro/types';
import type { Mapping, Target } from './mapping.js';
import { toTimestamp } from './time-format.js';

/** A record on its way to ingest; whether it fits the schema is checked afterwards. */
export type OutRecord = { timestamp: unknown; context: unknown } & Record<string, unknown>;

const TRUE = new Set(['true', 't', 'yes', 'y', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', '0']);
/** JSON's numbers (RFC 8259 §6), and with leading plus or zeros: they mean the same in a column of numbers. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Turns the cells of a CSV record into a record. A cell that can't be what its field asks for stays text, so
 * that validation refuses it with the words it uses for every record.
 */
export function convertCells(cells: readonly string[], targets: readonly Target[], mapping: Mapping): OutRecord {
  const { options } = mapping;
  const record: OutRecord = { timestamp: options.fixedTimestamp, context: { ...options.context } };
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as Target;
    const cell = cells[i] as string;
    if (target.to === 'nothing') continue;
    const none = cell === '' || options.nulls.includes(cell);
    if (target.to === 'field') setField(record, target.field, none ? null : cell, mapping);
    else if (target.to === 'timestamp') record.timestamp = toTimestamp(cell, options.timeFormat);
    else if (!none) mergeContext(record, target, target.to === 'context' ? parseJson(cell) : cell);
  }
  return record;
}

/** Turns the object of an NDJSON line into a record: values keep their JSON types. */
export function convertObject(object: Readonly<Record<string, unknown>>, mapping: Mapping): OutRecord {
  const { options } = mapping;
  const record: OutRecord = { timestamp: options.fixedTimestamp, context: { ...options.context } };
  for (const [key, value] of Object.entries(object)) {
    const target = mapping.target(key);
    if (target.to === 'nothing') continue;
    if (target.to === 'timestamp') record.timestamp = timestampValue(value, mapping);
    else if (target.to === 'field') {
      const isTime = target.field.type === 'timestamp';
      record[target.field.name] = isTime ? timestampValue(value, mapping) : value;
    } else if (target.to === 'extra' && options.extra === 'refuse') define(record, key, value);
    else mergeContext(record, target, value);
  }
  return record;
}

function setField(record: OutRecord, field: Field, cell: string | null, mapping: Mapping): void {
  // An empty cell is the empty string where a string has to be, and nothing where nothing may be.
  if (cell === null) record[field.name] = field.type === 'string' && !field.optional ? '' : null;
  else record[field.name] = convertCell(cell, field, mapping);
}

function convertCell(cell: string, { type }: Field, { options }: Mapping): string | number | boolean {
  if (type === 'string') return cell;
  if (type === 'timestamp') return toTimestamp(cell, options.timeFormat);
  if (type === 'number') return NUMBER.test(cell) ? Number(cell) : cell;
  const word = cell.toLowerCase();
  return TRUE.has(word) ? true : FALSE.has(word) ? false : cell;
}

function timestampValue(value: unknown, { options }: Mapping): unknown {
  if (typeof value === 'string') return toTimestamp(value, options.timeFormat);
  const epoch = options.timeFormat === 'epoch-s' || options.timeFormat === 'epoch-ms';
  return epoch && typeof value === 'number' ? toTimestamp(String(value), options.timeFormat) : value;
}

function mergeContext(record: OutRecord, target: Target, value: unknown): void {
  const { context } = record;
  // What is no object stays for validation to refuse.
  if (!isObject(context)) return;
  // Into the record's own context: a new one for each column would take the square of their number.
  if (target.to === 'extra') define(context, target.name, value);
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) define(context, key, item);
  else record.context = value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Unlike an assignment also right for a key `__proto__`, which JSON allows. */
function define(record: object, key: string, value: unknown): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
