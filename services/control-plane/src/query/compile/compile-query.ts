import { formatInstant, LIMITS, type Query, type QueryColumn } from '@loguro/types';
import { compileConditions } from './conditions.js';
import { createContext } from './context.js';
import { Faults } from './faults.js';
import { compileGroups } from './groups.js';
import { compileOrder } from './order.js';
import { compileOutputs } from './outputs.js';
import { formatRange, type InstantRange, resolveRange } from './range.js';
import { compileRaw, type RawPage } from './raw.js';
import { fieldExpression, type QueriedDataset, sourceOf, TIMESTAMP } from './source.js';
import { PARAMETER_TYPES, Parameters } from './sql.js';

/** A query as one SQL statement. */
export interface CompiledQuery {
  text: string;
  /** The values of `$1`, `$2`, …: texts and lists of texts. */
  values: (string | (string | null)[])[];
  /** The columns of the answer; the statement's own columns start with these. */
  columns: QueryColumn[];
  /** The range that is asked, ends included. */
  range: { from: string; to: string };
  /** Rows of the answer at the most; Infinity: all. */
  limit: number;
  /** For raw rows: what makes the cursor of the next page. */
  page?: RawPage;
}

/** Options of {@link compileQuery}. */
export interface CompileOptions {
  /** Where the range ends when the query does not say. */
  now: Date;
  /** `page`: one answer of bounded size; `stream`: all rows, `limit` permitting. */
  mode?: 'page' | 'stream';
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
  const parameters = new Parameters();
  const source = sourceOf(dataset);
  const context = createContext(source, parameters, faults);
  const range = resolveRange(query.range, options.now, faults);
  const where = [
    ...rangeConditions(range, parameters),
    ...compileConditions(query.where ?? [], 'where', {
      parameters,
      faults,
      operand(item, path) {
        if (item.field !== undefined) return fieldExpression(source, item.field, `${path}.field`, faults);
        faults.add(path, 'needs a "field"');
        return null;
      },
    }),
  ];
  const outputs = compileOutputs(query, context);
  const order = compileOrder(query, outputs, context);
  const limit = limitOf(query, options.mode ?? 'page');
  const parts = { query, where, outputs, order, range, limit, context };
  const { text, page }: { text: string; page?: RawPage } = outputs.grouped ? compileGroups(parts) : compileRaw(parts);
  faults.throwIfAny();
  return {
    text,
    values: parameters.values,
    columns: outputs.columns.map(({ name, output }) => ({ name, type: output.type })),
    range: formatRange(range),
    limit,
    ...(page && { page }),
  };
}

function limitOf({ limit }: Query, mode: 'page' | 'stream'): number {
  if (mode === 'stream') return limit ?? Number.POSITIVE_INFINITY;
  return Math.min(limit ?? LIMITS.queryLimitDefault, LIMITS.queryLimitMax);
}

function rangeConditions({ from, to }: InstantRange, parameters: Parameters): string[] {
  const end = (op: string, instant: InstantRange['from']) =>
    `"${TIMESTAMP}" ${op} ${parameters.add(formatInstant(instant), PARAMETER_TYPES.timestamp)}`;
  return [end('>=', from), end('<=', to)];
}
