import { createHash } from 'node:crypto';
import { type ColumnType, parseTimestamp, type Query } from '@loguro/types';
import { decodeTimestamp } from '../decode.js';
import type { Faults } from './faults.js';
import { checkValue } from './values.js';

/** Where a page ended: enough to continue behind it with the same query. */
export interface Position {
  /** The range of the first page: where it came from "now", that moves on. */
  range: { from: string; to: string };
  /** The values ordered by, as PostgreSQL's text. */
  values: (string | null)[];
  /** The place of the last row in its table. */
  ctid: string;
}

const VERSION = 1;
const CTID = /^\(\d{1,10},\d{1,5}\)$/;
const TIMESTAMP_TEXT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00( BC)?$/;

/**
 * A position as one opaque word, bound to its dataset and query. It is not signed, because it holds nothing that
 * its owner could not ask for in `where`; it is checked part by part instead.
 */
export function encodeCursor({ range, values, ctid }: Position, fingerprint: string): string {
  return Buffer.from(JSON.stringify([VERSION, fingerprint, range.from, range.to, values, ctid])).toString('base64url');
}

/** The position in a cursor of this very query; null after adding a fault. */
export function decodeCursor(
  cursor: string,
  fingerprint: string,
  types: readonly ColumnType[],
  faults: Faults,
): Position | null {
  const refuse = (message: string) => {
    faults.add('cursor', message);
    return null;
  };
  const parts = parse(cursor);
  if (parts === null) return refuse('is not a "nextCursor" of ours');
  const [version, bound, from, to, values, ctid] = parts;
  if (version !== VERSION || bound !== fingerprint) {
    return refuse('belongs to another query: send the rest of the query as it was, "limit" excepted');
  }
  const sound =
    isTimestampText(from) &&
    isTimestampText(to) &&
    typeof ctid === 'string' &&
    CTID.test(ctid) &&
    Array.isArray(values) &&
    values.length === types.length &&
    values.every((value, i) => value === null || isValueText(value, types[i] as ColumnType));
  if (!sound) return refuse('is not a "nextCursor" of ours');
  return { range: { from, to }, values: values as (string | null)[], ctid };
}

/** The same for the same question to the same dataset, whatever the order of keys in it. */
export function fingerprintOf(datasetId: number, query: Query): string {
  const { cursor: _, limit: __, explain: ___, ...question } = query;
  const text = JSON.stringify([datasetId, question], (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

function parse(cursor: string): unknown[] | null {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) && value.length === 6 ? value : null;
  } catch {
    return null;
  }
}

function isTimestampText(value: unknown): value is string {
  return typeof value === 'string' && parseTimestamp(value) !== null;
}

function isValueText(value: unknown, type: ColumnType): boolean {
  if (typeof value !== 'string') return false;
  switch (type) {
    case 'string':
      return 'text' in checkValue(value, 'string');
    case 'number':
      return value.trim() === value && value !== '' && Number.isFinite(Number(value));
    case 'boolean':
      return value === 't' || value === 'f';
    case 'timestamp':
      // Buckets west of Greenwich can start before year 1.
      return TIMESTAMP_TEXT.test(value) && (value.endsWith('BC') || isTimestampText(decodeTimestamp(value)));
    case 'object':
      return false;
  }
}
