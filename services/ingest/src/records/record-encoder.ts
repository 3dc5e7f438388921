import { type ErrorDetail, type Field, type FieldType, fieldList } from '@loguro/types';
import { contextText } from './context-text.js';
import { COPY_NULL, copyText, isStorable } from './copy-text.js';
import { explainRecord } from './explain-record.js';
import { PlainEncoder } from './plain-encoder.js';
import { timestampText } from './timestamp-text.js';

/** Checks records of one dataset and writes them as COPY text, in one pass. */
export interface RecordEncoder {
  /** Does the same for the common form of records, from their bytes. */
  plain: PlainEncoder;
  /**
   * One line of COPY text with its newline: `timestamp`, `context`, `__traceId`, the declared fields.
   *
   * @param record what JSON.parse returned
   * @param traceId stored with the record; must need no escaping, as ids of `requestIdFrom` never do
   * @param clean the JSON text had no backslash: then its strings hold nothing that is forbidden or needs
   *   escaping, since JSON writes those characters with one, and none of them is looked at
   * @returns null when the record is at fault; `explain` then says how
   */
  encode(record: unknown, traceId: string, clean: boolean): string | null;
  /** Every fault of a record, up to `max`; empty when there is none. */
  explain(record: unknown, max: number): ErrorDetail[];
}

/** A declared field, ready for the loop. */
interface Column {
  name: string;
  optional: boolean;
  /** Objects inherit something by this name ("constructor"), so only an own property counts. */
  inherited: boolean;
  /** The value as COPY text, or null when it is not of the field's type. */
  write: (value: unknown, clean: boolean) => string | null;
}

const WRITERS: Record<Field['type'], Column['write']> = {
  string: (value, clean) => {
    if (typeof value !== 'string') return null;
    if (clean) return value;
    return isStorable(value) ? copyText(value) : null;
  },
  number: (value) => (typeof value === 'number' && Number.isFinite(value) ? numberText(value) : null),
  boolean: (value) => (value === true ? 't' : value === false ? 'f' : null),
  timestamp: (value) => (typeof value === 'string' ? timestampText(value) : null),
};

/**
 * Compiles the encoder of a dataset.
 *
 * @param fields the registered fields, in the order of their columns
 */
export function createRecordEncoder(fields: readonly (readonly [name: string, type: FieldType])[]): RecordEncoder {
  const declared = fields.flatMap(([name, type]) => fieldList({ [name]: type }));
  const columns: Column[] = declared.map(({ name, type, optional }) => ({
    name,
    optional,
    inherited: name in Object.prototype,
    write: WRITERS[type],
  }));
  return {
    plain: new PlainEncoder(declared),
    encode: (record, traceId, clean) => encodeRecord(columns, record, traceId, clean),
    explain: (record, max) => explainRecord(declared, record, max),
  };
}

function encodeRecord(columns: readonly Column[], record: unknown, traceId: string, clean: boolean): string | null {
  if (!isObject(record)) return null;
  const { timestamp, context } = record;
  if (typeof timestamp !== 'string' || !isObject(context)) return null;
  const time = timestampText(timestamp);
  const free = contextText(context, clean);
  if (time === null || free === null) return null;
  let line = `${time}\t${free}\t${traceId}`;
  // The two above are there; every other key must turn out to be a declared field.
  let known = 2;
  for (const column of columns) {
    const value = column.inherited && !Object.hasOwn(record, column.name) ? undefined : record[column.name];
    if (value !== undefined) known += 1;
    if (value === undefined || value === null) {
      if (!column.optional) return null;
      line += `\t${COPY_NULL}`;
      continue;
    }
    const text = column.write(value, clean);
    if (text === null) return null;
    line += `\t${text}`;
  }
  let keys = 0;
  for (const _ in record) keys += 1;
  return keys === known ? `${line}\n` : null;
}

/** The shortest text that reads back as the same double, the sign of zero included. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
