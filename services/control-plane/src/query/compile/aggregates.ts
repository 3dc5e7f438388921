import type { Aggregate } from '@loguro/types';
import type { Output } from './context.js';
import type { Faults } from './faults.js';
import { fieldExpression, type Source } from './source.js';
import type { Expression } from './sql.js';

/** Fields of these types an aggregate can be computed over. */
const TAKES: Record<Aggregate, readonly string[]> = {
  count: ['string', 'number', 'boolean', 'timestamp'],
  count_distinct: ['string', 'number', 'boolean', 'timestamp'],
  min: ['string', 'number', 'timestamp'],
  max: ['string', 'number', 'timestamp'],
  sum: ['number'],
  avg: ['number'],
  p50: ['number'],
  p90: ['number'],
  p95: ['number'],
  p99: ['number'],
};
const FRACTIONS: Partial<Record<Aggregate, string>> = { p50: '0.5', p90: '0.9', p95: '0.95', p99: '0.99' };

/** An aggregate over a group of records; null after adding a fault. Null fields do not count. */
export function aggregateOutput(
  item: { aggregate: Aggregate; field?: string | undefined },
  source: Source,
  path: string,
  faults: Faults,
): Output | null {
  const { aggregate } = item;
  if (item.field === undefined) {
    if (aggregate === 'count') return { id: 'count()', sql: 'count(*)', type: 'number', nullable: false, empty: '0' };
    faults.add(path, `needs a "field" for "${aggregate}"`);
    return null;
  }
  if (aggregate === 'count' && item.field === '*') {
    faults.add(`${path}.field`, 'is not needed to count records: write {"aggregate":"count"}');
    return null;
  }
  const field = fieldExpression(source, item.field, `${path}.field`, faults, 'argument');
  if (field === null) return null;
  if (!TAKES[aggregate].includes(field.type)) {
    const types = TAKES[aggregate].join(' or ');
    faults.add(
      `${path}.aggregate`,
      `"${aggregate}" is computed over a ${types}, but "${item.field}" is a ${field.type}`,
    );
    return null;
  }
  const counts = aggregate === 'count' || aggregate === 'count_distinct';
  return {
    id: `${aggregate}(${item.field})`,
    sql: aggregateSql(aggregate, field),
    type: counts ? 'number' : field.type,
    nullable: !counts,
    empty: counts ? '0' : null,
    ...(aggregate === 'count_distinct' && { sorts: `distinct ${item.field}` }),
    ...(aggregate in FRACTIONS && { sorts: item.field }),
  };
}

function aggregateSql(aggregate: Aggregate, field: Expression): string {
  // On a required field this is the same number, and PostgreSQL computes it once for all who ask.
  const count = field.nullable ? `count(${field.sql})` : 'count(*)';
  switch (aggregate) {
    case 'count':
      return count;
    case 'count_distinct':
      return `count(DISTINCT ${field.sql})`;
    case 'avg':
      return average(`sum(${field.sql})`, count);
    case 'sum':
    case 'min':
    case 'max':
      return `${aggregate}(${field.sql})`;
    default:
      return `percentile_cont(${FRACTIONS[aggregate]}) WITHIN GROUP (ORDER BY ${field.sql})`;
  }
}

/**
 * The quotient of sum and count is the average: avg() also sums the squares, so that it fails beyond 1e154. PostgreSQL
 * refuses a division whose result is nearer to 0 than to the least double, of which the sum is then a few; there it is 0.
 * The sum of nothing is null, which is not divided.
 */
function average(sum: string, count: string): string {
  const quotient = `${sum} / ${count}`;
  const rounded = `CASE WHEN abs(${sum}) / '5e-324'::float8 * 2 <= ${count} THEN 0 ELSE ${quotient} END`;
  return `CASE WHEN abs(${sum}) < 1e-300 THEN ${rounded} ELSE ${quotient} END`;
}
