import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import type { RawRecord } from './splitter.js';

/** A record after parsing: its cells (CSV) or its object (NDJSON), or why it can't be parsed. */
export type Decoded<T> = { raw: RawRecord; value: T; fault?: undefined } | { raw: RawRecord; fault: string };

const NOT_UTF8 = 'is not valid UTF-8';
const TOO_LONG = 'is longer than a record may be';

/** Parses CSV records that follow each other. They are parsed in one go, and one by one when that fails. */
export function decodeCsv(records: readonly RawRecord[], delimiter: string, columns: number): Decoded<string[]>[] {
  const whole = records.some(({ oversize }) => oversize) ? null : tryParse(joinLines(records), delimiter);
  return records.map((raw, i) => {
    const cells = whole?.length === records.length ? whole[i] : undefined;
    return checkCells(raw, cells ?? parseCells(raw, delimiter), columns);
  });
}

function checkCells(raw: RawRecord, cells: string[] | string, columns: number): Decoded<string[]> {
  if (typeof cells === 'string') return { raw, fault: cells };
  if (cells.length === columns) return { raw, value: cells };
  return { raw, fault: `has ${cells.length} column${cells.length === 1 ? '' : 's'}, the header has ${columns}` };
}

/** @returns the cells of one record, or why there are none */
export function parseCells({ bytes, oversize }: RawRecord, delimiter: string): string[] | string {
  if (oversize) return TOO_LONG;
  if (!isUtf8(bytes)) return NOT_UTF8;
  return (
    tryParse(bytes, delimiter)?.[0] ?? 'has a quote where none may stand (a quote in a quoted field is doubled: "")'
  );
}

function tryParse(bytes: Buffer, delimiter: string): string[][] | null {
  if (!isUtf8(bytes)) return null;
  try {
    return parse(bytes, { delimiter, relax_column_count: true, record_delimiter: ['\r\n', '\n'] });
  } catch {
    return null;
  }
}

const LINE_FEED = Buffer.from('\n');

function joinLines(records: readonly RawRecord[]): Buffer {
  return Buffer.concat(records.flatMap(({ bytes }) => [bytes, LINE_FEED]));
}

/** Parses lines that should each be a JSON object. */
export function decodeNdjson(records: readonly RawRecord[]): Decoded<Record<string, unknown>>[] {
  return records.map((raw) => {
    if (raw.oversize) return { raw, fault: TOO_LONG };
    if (!isUtf8(raw.bytes)) return { raw, fault: NOT_UTF8 };
    try {
      const value: unknown = JSON.parse(raw.bytes.toString('utf8'));
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return { raw, value: value as Record<string, unknown> };
      }
      return { raw, fault: 'is JSON, but not an object' };
    } catch {
      return { raw, fault: 'is not JSON' };
    }
  });
}
