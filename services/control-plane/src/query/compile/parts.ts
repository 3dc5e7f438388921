import type { Query } from '@loguro/types';
import type { CompileContext } from './context.js';
import type { Position } from './cursor.js';
import type { OrderTerm } from './order.js';
import type { Outputs } from './outputs.js';
import type { InstantRange } from './range.js';
import type { TableExtent, TimeWindow } from './windows.js';

/** `page`: one answer of bounded size; `stream`: all rows, `limit` permitting. */
export type Mode = 'page' | 'stream';

/**
 * Which rows of a page a statement looks for: `all`; the `first` ones, where they are thought to be, when the page has
 * no conditions but the range; the `rest` of them elsewhere. What is seldom needed is then neither planned nor run.
 */
export type Reach = 'all' | 'first' | 'rest';

/** What one statement of a stream in order of time reads. */
export interface StreamPart {
  window: TimeWindow;
  /** Rows at the most; Infinity: no limit. */
  limit: number;
}

/** The compiled parts from which a statement is put together. */
export interface Parts {
  query: Query;
  mode: Mode;
  reach: Reach;
  /** Conditions on records besides the range, all of which hold. */
  conditions: string[];
  outputs: Outputs;
  order: OrderTerm[];
  range: InstantRange;
  /** Infinity: no limit. */
  limit: number;
  /** Where the page before ended. */
  position: Position | null;
  /** Binds a cursor to its query. */
  fingerprint: () => string;
  /** Where the table's records lie in time, when known. */
  extent: TableExtent | undefined;
  /** When the statement is for a part of a stream. */
  part: StreamPart | undefined;
  context: CompileContext;
}

/** Rows that the statement returns at the most: a page asks for one more than it shows, to know whether there are more. */
export function rowsToRead({ mode, limit }: Parts): number {
  return mode === 'page' ? limit + 1 : limit;
}

/** ` LIMIT …`, or nothing. */
export function limitClause(limit: number, { parameters }: CompileContext): string {
  return Number.isSafeInteger(limit) ? ` LIMIT ${parameters.add(String(limit), 'bigint')}` : '';
}

/** One term of ORDER BY. Nulls last is said only where there can be nulls: an index on the column knows no other way. */
export function orderSql(sql: string, { descending, output }: OrderTerm): string {
  return `${sql}${descending ? ' DESC' : ''}${output.nullable ? ' NULLS LAST' : ''}`;
}
