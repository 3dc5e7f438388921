import type { Query } from '@loguro/types';
import type { CompileContext } from './context.js';
import type { OrderTerm } from './order.js';
import type { Outputs } from './outputs.js';
import type { InstantRange } from './range.js';

/** The compiled parts from which a statement is put together. */
export interface Parts {
  query: Query;
  /** Conditions on records, all of which hold. */
  where: string[];
  outputs: Outputs;
  order: OrderTerm[];
  range: InstantRange;
  /** Infinity: no limit. */
  limit: number;
  context: CompileContext;
}

/** ` LIMIT …`, or nothing. */
export function limitClause(limit: number, { parameters }: CompileContext): string {
  return Number.isSafeInteger(limit) ? ` LIMIT ${parameters.add(String(limit), 'bigint')}` : '';
}

/** One term of ORDER BY. Nulls last is said only where there can be nulls: an index on the column knows no other way. */
export function orderSql(sql: string, { descending, output }: OrderTerm): string {
  return `${sql}${descending ? ' DESC' : ''}${output.nullable ? ' NULLS LAST' : ''}`;
}
