import type { Row } from '../output/formats.js';

/** A tool's answer has at most this many characters of JSON: a few thousand tokens. */
const MAX_ANSWER_CHARS = 20_000;
/** A longer text in a row is cut. */
const MAX_TEXT = 400;

/** Rows that fit, and how many there were. */
export interface BoundedRows {
  rows: Row[];
  /** Rows left out for their size. */
  omitted: number;
}

/** As many of the first rows as fit into the characters, with long texts cut. */
export function boundRows(rows: readonly Row[], maxChars = MAX_ANSWER_CHARS): BoundedRows {
  const kept: Row[] = [];
  let chars = 0;
  for (const row of rows) {
    const bounded = boundRow(row);
    chars += JSON.stringify(bounded).length + 1;
    if (chars > maxChars) break;
    kept.push(bounded);
  }
  return { rows: kept, omitted: rows.length - kept.length };
}

function boundRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, boundValue(value)]));
}

/** The value, or when it is long a text that says so. */
export function boundValue(value: unknown): unknown {
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : '';
  if (text.length <= MAX_TEXT) return value;
  return `${text.slice(0, MAX_TEXT)}… (${text.length} characters)`;
}
