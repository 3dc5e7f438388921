import type { QueryExplanation } from '@loguro/types';
import type { CompiledQuery } from './compile/compile-query.js';
import type { Ask } from './connection.js';

/**
 * The statement of a query, its parameters and how many rows the planner expects in the answer. Of the plan only
 * that number is shown: the rest speaks of the installation rather than of the query.
 */
export async function explainQuery(ask: Ask, compiled: CompiledQuery): Promise<QueryExplanation> {
  const { text: sql, values: parameters, columns, range, limit } = compiled;
  const { rows } = await ask<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) ${sql}`,
    parameters,
  );
  const planned = rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
  return { sql, parameters, estimatedRows: Math.min(planned, limit), columns, range };
}
