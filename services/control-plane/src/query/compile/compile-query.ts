import { LIMITS, type Query, type QueryColumn } from '@loguro/types';
import { createContext } from './context.js';
import { copiesOf } from './copies.js';
import { decodeCursor, fingerprintOf, type Position } from './cursor.js';
import { Faults } from './faults.js';
import { compileGroups } from './groups.js';
import { compileOrder, type OrderTerm } from './order.js';
import { compileOutputs, type Outputs } from './outputs.js';
import type { Mode, Parts, Reach, StreamPart } from './parts.js';
import { formatRange, resolveRange } from './range.js';
import { type CursorOf, compileRaw, type RawStatement, type TimeOrder } from './raw.js';
import { type QueriedDataset, sourceOf } from './source.js';
import { Parameters } from './sql.js';
import { compileWhere } from './where.js';
import type { TableExtent } from './windows.js';

/** A query as one SQL statement. */
export interface CompiledQuery {
  text: string;
  /** The values of `$1`, `$2`, …: texts and lists of texts. */
  values: (string | string[])[];
  /** The columns of the answer; the statement's own columns start with these. */
  columns: QueryColumn[];
  /** The range that is asked, ends included. */
  range: { from: string; to: string };
  /** Rows of the answer at the most; Infinity: all. The statement of a page returns one more when there is more. */
  limit: number;
  /** For a page of raw rows. */
  cursorOf?: CursorOf;
  /** How many times the longest text that a record can hold may stand in one row of the answer. */
  copies: number;
  /** Sorts that its aggregates need at the same time. Absent: none. */
  sorts?: number;
  /** There when the statement may miss rows: compiles the one for the other rows, which come behind its own. */
  rest?: () => CompiledQuery;
  /** There for a stream of raw rows in order of time: its `part` can be asked for. */
  byTime?: TimeOrder;
}

/** Options of {@link compileQuery}. */
export interface CompileOptions {
  /** Where the range ends when the query does not say. */
  now: Date;
  /** Default `page`. */
  mode?: Mode;
  /** Default `all`. */
  reach?: Reach;
  /** Makes the newest or oldest rows cheap to find where they are far from the end of the range. */
  extent?: TableExtent | undefined;
  /** Of a stream in order of time, only this. */
  part?: StreamPart | undefined;
}

/**
 * Turns a query into SQL, or says all that is wrong with it. Pure: what becomes SQL text are names from the
 * registered schema, quoted, and the constants of this folder; everything else is a parameter.
 *
 * @param query a value that fits the published schema
 * @throws ApiError `invalid_query`
 */
export function compileQuery(dataset: QueriedDataset, query: Query, options: CompileOptions): CompiledQuery {
  const faults = new Faults();
  const context = createContext(sourceOf(dataset), new Parameters(), faults);
  const outputs = compileOutputs(query, context);
  const order = compileOrder(query, outputs, context);
  const fingerprint = () => fingerprintOf(dataset.id, query);
  const position = readCursor(query, fingerprint, outputs, order, faults);
  const range = resolveRange(position?.range ?? query.range, options.now, faults);
  const { mode = 'page', reach = 'all' } = options;
  const conditions = compileWhere(query, context);
  const { extent, part } = options;
  const limit = part?.limit ?? limitOf(query, mode);
  const parts: Parts = {
    query,
    mode,
    reach,
    conditions,
    outputs,
    order,
    range,
    limit,
    position,
    fingerprint,
    extent,
    part,
    context,
  };
  const {
    partial = false,
    sorts = 0,
    ...statement
  }: RawStatement = outputs.grouped ? compileGroups(parts) : compileRaw(parts);
  faults.throwIfAny();
  return {
    ...statement,
    ...(sorts > 0 && { sorts }),
    ...(partial && { rest: () => compileQuery(dataset, query, { ...options, reach: 'rest' }) }),
    values: context.parameters.values,
    columns: outputs.columns.map(({ name, output }) => ({ name, type: output.type })),
    copies: copiesOf(outputs),
    range: formatRange(range),
    limit,
  };
}

function readCursor(
  query: Query,
  fingerprint: () => string,
  outputs: Outputs,
  order: OrderTerm[],
  faults: Faults,
): Position | null {
  if (query.cursor === undefined) return null;
  if (!outputs.grouped)
    return decodeCursor(
      query.cursor,
      fingerprint(),
      order.map(({ output }) => output.type),
      faults,
    );
  faults.add('cursor', 'goes with raw rows; groups beyond the limit come as CSV or NDJSON');
  return null;
}

function limitOf({ limit, fill }: Query, mode: Mode): number {
  if (mode === 'stream') return limit ?? Number.POSITIVE_INFINITY;
  // A chart that is cut off has a hole after all: that of the last days.
  const byDefault = fill === true ? LIMITS.queryLimitMax : LIMITS.queryLimitDefault;
  return Math.min(limit ?? byDefault, LIMITS.queryLimitMax);
}
