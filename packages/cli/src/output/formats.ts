import { stringify } from 'csv-stringify/sync';

/** How rows can be printed. */
export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** One row, keyed by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** A column: the row's key, its heading in tables, and on which side of its column a value stands. */
export interface Column {
  key: string;
  title?: string;
  align?: 'left' | 'right';
}

/** Columns named as their keys, headed by them. */
export function columnsOf(...keys: string[]): Column[] {
  return keys.map((key) => ({ key }));
}

/** RFC 4180 with LF; null is an empty cell, an object its JSON. */
export function formatCsv(rows: readonly Row[], columns: readonly Column[], header = true): string {
  const cells = rows.map((row) => columns.map(({ key }) => csvText(row[key])));
  return stringify(header ? [columns.map(({ key }) => key), ...cells] : cells);
}

/** One JSON document a line. */
export function formatNdjson(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** A value as a person reads it: `–` for nothing, JSON for objects. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function csvText(value: unknown): string {
  return value === null || value === undefined ? '' : cellText(value);
}
