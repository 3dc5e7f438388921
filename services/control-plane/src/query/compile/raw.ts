import { limitClause, orderSql, type Parts } from './parts.js';

/** What makes the cursor of the next page. */
export interface RawPage {
  /** Positions in a row of the statement: the values ordered by, then the row's place in the table. */
  positions: number[];
}

/** A query for records as they are. */
export function compileRaw({ where, outputs, order, limit, context }: Parts): { text: string; page?: RawPage } {
  const columns = outputs.columns.map(({ output }) => output.sql);
  const orderBy = order.map((term) => orderSql(term.output.sql, term));
  const text =
    `SELECT ${columns.join(', ')} FROM ${context.source.table} WHERE ${where.join(' AND ')}` +
    ` ORDER BY ${orderBy.join(', ')}${limitClause(limit, context)}`;
  return { text };
}
