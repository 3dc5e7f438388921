import type { ColumnType, QueryColumn } from '@loguro/types';
import { decodeNumber, decodeTimestamp, type TextRow } from './decode.js';

/** The media types a result can be streamed as. */
export const STREAM_TYPES = ['text/csv', 'application/x-ndjson'] as const;
export type StreamType = (typeof STREAM_TYPES)[number];

/** Writes rows in one format. */
export interface RowFormat {
  contentType: string;
  /** What comes before the rows. */
  head: string;
  row(row: TextRow): string;
}

/** The writer for a media type. */
export function rowFormat(type: StreamType, columns: readonly QueryColumn[]): RowFormat {
  return type === 'text/csv' ? csvFormat(columns) : ndjsonFormat(columns);
}

/**
 * RFC 4180, with the names of the columns as first line. Null is an empty field, an empty string `""`, `context`
 * is JSON.
 */
function csvFormat(columns: readonly QueryColumn[]): RowFormat {
  const write = columns.map(({ type }) => CSV[type]);
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: `${columns.map(({ name }) => name).join(',')}\r\n`,
    row(row) {
      let line = '';
      write.forEach((field, i) => {
        const text = row[i] ?? null;
        if (i > 0) line += ',';
        if (text !== null) line += field(text);
      });
      return `${line}\r\n`;
    },
  };
}

/** One JSON object a line, as in the rows of a JSON answer. */
function ndjsonFormat(columns: readonly QueryColumn[]): RowFormat {
  const write = jsonRow(columns);
  return {
    contentType: 'application/x-ndjson; charset=utf-8',
    head: '',
    row: (row) => `${write(row)}\n`,
  };
}

/**
 * A function that writes a row as one JSON object, without line breaks.
 *
 * Doubles are written by PostgreSQL with as many digits as tell them apart, so they come out as they went in.
 */
export function jsonRow(columns: readonly QueryColumn[]): (row: TextRow) => string {
  const write = columns.map(({ name, type }) => ({ key: `${JSON.stringify(name)}:`, value: JSON_TEXT[type] }));
  return (row) => {
    let object = '{';
    write.forEach(({ key, value }, i) => {
      const text = row[i] ?? null;
      object += `${i > 0 ? ',' : ''}${key}${text === null ? 'null' : value(text)}`;
    });
    return `${object}}`;
  };
}

const boolean = (text: string) => (text === 't' ? 'true' : 'false');
/** As JSON.stringify writes it, with the shortest digits that tell doubles apart, but for the sign of zero, which it drops. */
const jsonNumber = (text: string) => (text === '-0' ? text : JSON.stringify(decodeNumber(text)));
const number = (text: string) => (decodeNumber(text) === null ? '' : jsonNumber(text));
const quoted = (text: string) => (text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const CSV: Record<ColumnType, (text: string) => string> = {
  string: quoted,
  number,
  boolean,
  timestamp: decodeTimestamp,
  object: quoted,
};

const JSON_TEXT: Record<ColumnType, (text: string) => string> = {
  string: (text) => JSON.stringify(text),
  number: jsonNumber,
  boolean,
  timestamp: (text) => `"${decodeTimestamp(text)}"`,
  // JSON already; a line break between its tokens would end the line.
  object: (text) => (/[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, ' ') : text),
};
