import { type FieldBaseType, parseTimestamp } from '@loguro/types';
import { decodeTimestamp } from '../decode.js';
import { encodeCursor, type Position } from './cursor.js';
import type { OrderTerm } from './order.js';
import { limitClause, orderSql, type Parts, rowsToRead } from './parts.js';
import { formatRange, type InstantRange } from './range.js';
import { TIMESTAMP } from './source.js';
import { PARAMETER_TYPES, type Parameters } from './sql.js';
import { conditionOf } from './where.js';
import { type TimeWindow, windowsOf } from './windows.js';

/** Makes the cursor of the page behind a row, given as the statement returned it. */
export type CursorOf = (row: readonly (string | null)[]) => string;

/** A statement for raw rows. */
export interface RawStatement {
  text: string;
  cursorOf?: CursorOf;
  /** Whether there may be rows that it does not look for. */
  partial?: boolean;
  /** See {@link CompiledQuery.sorts}. */
  sorts?: number;
  /** See {@link CompiledQuery.byTime}. */
  byTime?: TimeOrder;
}

/** Rows in order of time, which can be read one window after the other. */
export interface TimeOrder {
  range: InstantRange;
  descending: boolean;
}

/**
 * A query for records as they are. A page asks also for what its rows are ordered by, and for
 * their place in the table (ctid), which tells rows apart that are alike in that. Records are never updated, so that place
 * does not change.
 */
export function compileRaw(parts: Parts): RawStatement {
  const { outputs, order, mode, fingerprint } = parts;
  const columns = outputs.columns.map(({ output }) => output);
  const missing = order.map(({ output }) => output).filter(({ id }) => !columns.some((column) => column.id === id));
  const computed = mode === 'page' ? [...columns, ...missing] : columns;
  const windows = windowsToRead(parts);
  const sql = computed.map((output) => output.sql);
  const text = readWindows(mode === 'page' ? [...sql, 'ctid'] : sql, windows.now, parts);
  if (mode === 'stream') return { text, ...byTime(parts) };
  const range = formatRange(parts.range);
  const orderedBy = order.map(({ output }) => computed.findIndex(({ id }) => id === output.id));
  return {
    text,
    partial: windows.later > 0,
    cursorOf(row) {
      const values = orderedBy.map((i) => row[i] as string | null);
      return encodeCursor({ range, values, ctid: row.at(-1) as string }, fingerprint());
    },
  };
}

/**
 * One statement for each window, the next of which PostgreSQL only starts when the ones before gave too few rows:
 * an Append under a LIMIT is lazy and keeps the order of its parts (in parallel it would not, and sessions have
 * that off).
 */
function readWindows(columns: string[], windows: readonly TimeWindow[], parts: Parts): string {
  const { order, context, position, conditions } = parts;
  const { parameters, source } = context;
  const behindPosition = position === null ? [] : [behind(position, order, parameters)];
  const orderBy = [
    ...order.map((term) => orderSql(term.output.sql, term)),
    `ctid${lastDescends(order) ? ' DESC' : ''}`,
  ];
  const cut = limitClause(rowsToRead(parts), context);
  const statements = windows.map((window) => {
    const where = [conditionOf(window, parameters), ...conditions, ...behindPosition].join(' AND ');
    return `SELECT ${columns.join(', ')} FROM ${source.table} WHERE ${where} ORDER BY ${orderBy.join(', ')}${cut}`;
  });
  if (statements.length === 1) return statements[0] as string;
  return `SELECT * FROM (${statements.map((statement) => `(${statement})`).join(' UNION ALL ')}) AS w${cut}`;
}

/** The windows of a statement, and how many are left for a later one. */
function windowsToRead(parts: Parts): { now: TimeWindow[]; later: number } {
  const windows = allWindows(parts);
  const { reach, conditions } = parts;
  // Conditions can let any part of the rows through, so that one window says little about where enough of them are.
  if (reach === 'all' || conditions.length > 0 || windows.length < 2) return { now: windows, later: 0 };
  return reach === 'first'
    ? { now: windows.slice(0, 1), later: windows.length - 1 }
    : { now: windows.slice(1), later: 0 };
}

function byTime({ order, range, position }: Parts): Pick<RawStatement, 'byTime'> {
  const first = order[0];
  if (first?.output.id !== TIMESTAMP) return {};
  const { descending } = first;
  return { byTime: { range: restOfRange(range, position, descending), descending } };
}

function allWindows(parts: Parts): TimeWindow[] {
  const { order, range, position, extent, part } = parts;
  if (part !== undefined) return [part.window];
  const first = order[0];
  if (first?.output.id !== TIMESTAMP) return [range];
  const rest = restOfRange(range, position, first.descending);
  const limit = rowsToRead(parts);
  return Number.isFinite(limit) ? windowsOf(rest, first.descending, limit, extent) : [rest];
}

/** What is left of the range behind a position in time. */
function restOfRange(range: InstantRange, position: Position | null, descending: boolean): InstantRange {
  const text = position?.values[0];
  if (text === undefined || text === null) return range;
  const reached = parseTimestamp(decodeTimestamp(text));
  if (reached === null) return range;
  return descending ? { from: range.from, to: reached } : { from: reached, to: range.to };
}

/** A condition that holds for the rows behind a position in the order, and only for those. */
function behind(position: Position, order: readonly OrderTerm[], parameters: Parameters): string {
  const place = parameters.add(position.ctid, 'tid');
  const build = (i: number): string => {
    const term = order[i];
    if (term === undefined) return `ctid ${lastDescends(order) ? '<' : '>'} ${place}`;
    const { sql, type, nullable } = term.output;
    const value = position.values[i] ?? null;
    // Nulls come last: behind one there are only its equals.
    if (value === null) return `${sql} IS NULL AND (${build(i + 1)})`;
    const parameter = parameters.add(value, PARAMETER_TYPES[type as FieldBaseType]);
    const further = `${sql} ${term.descending ? '<' : '>'} ${parameter}${nullable ? ` OR ${sql} IS NULL` : ''}`;
    return `${further} OR (${sql} = ${parameter} AND (${build(i + 1)}))`;
  };
  return `(${build(0)})`;
}

function lastDescends(order: readonly OrderTerm[]): boolean {
  return order.at(-1)?.descending ?? false;
}
