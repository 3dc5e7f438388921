import { type FieldBaseType, parseTimestamp } from '@loguro/types';
import { decodeTimestamp } from '../decode.js';
import { encodeCursor, type Position } from './cursor.js';
import type { OrderTerm } from './order.js';
import { limitClause, orderSql, type Parts, rowsToRead } from './parts.js';
import { formatRange, type InstantRange } from './range.js';
import { TIMESTAMP } from './source.js';
import { PARAMETER_TYPES, type Parameters } from './sql.js';
import { conditionOf } from './where.js';
import { windowsOf } from './windows.js';

/** Makes the cursor of the page behind a row, given as the statement returned it. */
export type CursorOf = (row: readonly (string | null)[]) => string;

/**
 * A query for records as they are. A page asks also for what its rows are ordered by; the row's place in the table
 * (ctid) tells rows apart that are alike in that. Records are never updated, so that place does not change.
 */
export function compileRaw(parts: Parts): { text: string; cursorOf?: CursorOf } {
  const { outputs, order, mode, fingerprint } = parts;
  const columns = outputs.columns.map(({ output }) => output.sql);
  const place = mode === 'page' ? [...order.map(({ output }) => output.sql), 'ctid'] : [];
  const text = readWindows([...columns, ...place], rowsToRead(parts), parts);
  if (mode === 'stream') return { text };
  const range = formatRange(parts.range);
  return {
    text,
    cursorOf: (row) =>
      encodeCursor({ range, values: row.slice(columns.length, -1), ctid: row.at(-1) as string }, fingerprint),
  };
}

/**
 * One statement for each window, the next of which PostgreSQL only starts when the ones before gave too few rows:
 * an Append under a LIMIT is lazy and keeps the order of its parts (in parallel it would not, and sessions have
 * that off).
 */
function readWindows(columns: string[], limit: number, parts: Parts): string {
  const { order, context, position, conditions } = parts;
  const { parameters, source } = context;
  const behindPosition = position === null ? [] : [behind(position, order, parameters)];
  const orderBy = [
    ...order.map((term) => orderSql(term.output.sql, term)),
    `ctid${lastDescends(order) ? ' DESC' : ''}`,
  ];
  const cut = limitClause(limit, context);
  const statements = windowsToRead(limit, parts).map((window) => {
    const where = [conditionOf(window, parameters), ...conditions, ...behindPosition].join(' AND ');
    return `SELECT ${columns.join(', ')} FROM ${source.table} WHERE ${where} ORDER BY ${orderBy.join(', ')}${cut}`;
  });
  if (statements.length === 1) return statements[0] as string;
  return `SELECT * FROM (${statements.map((statement) => `(${statement})`).join(' UNION ALL ')}) AS w${cut}`;
}

function windowsToRead(limit: number, { order, range, position, extent }: Parts) {
  const first = order[0];
  if (first?.output.id !== TIMESTAMP) return [range];
  const rest = restOfRange(range, position, first.descending);
  // All rows in order are one sort, however they are cut.
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
