import type { Outputs } from './outputs.js';

/**
 * How many times the longest text that a record can hold may stand in one row. The fields of a record share its size, but
 * `select` may name one of them often, and each column of a group can come from another record.
 */
export function copiesOf({ columns, grouped }: Pick<Outputs, 'columns' | 'grouped'>): number {
  const ids = columns.map(({ output }) => output).filter(({ type }) => type === 'string' || type === 'object');
  if (grouped) return Math.max(1, ids.length);
  const times = new Map<string, number>();
  for (const { id } of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return Math.max(1, ...times.values());
}
