import { type FieldBaseType, type Fields, fieldList, type Query } from '@loguro/types';
import { parseHaving, parseWhere } from './conditions.js';
import { parseInstant } from './range.js';
import { parseTerms, type Term, toGroupBy, toOrderBy, toSelect } from './terms.js';

/** The flags of `query` that say what to ask. */
export interface QueryFlags {
  select?: string[];
  where?: string[];
  groupBy?: string[];
  having?: string[];
  orderBy?: string[];
  from?: string;
  to?: string;
  timezone?: string;
  limit?: number;
  fill?: boolean;
}

/** Whether the schema has to be read before {@link buildQuery}: values are written as their fields ask. */
export function needsFields(flags: QueryFlags): boolean {
  return (flags.where ?? []).length > 0;
}

/**
 * The query that the flags describe.
 *
 * @param fields of the dataset's schema, or none when {@link needsFields} says they don't matter
 */
export function buildQuery(flags: QueryFlags, fields: Fields, now: number): Query {
  const types = new Map<string, FieldBaseType>(fieldList(fields).map(({ name, type }) => [name, type]));
  types.set('timestamp', 'timestamp');
  const groups = parseTerms(flags.groupBy ?? [], '--group-by');
  const selected = parseTerms(flags.select ?? [], '--select');
  const query: Query = {};
  if (flags.from !== undefined || flags.to !== undefined) {
    query.range = {
      ...(flags.from !== undefined && { from: parseInstant(flags.from, '--from', now) }),
      ...(flags.to !== undefined && { to: parseInstant(flags.to, '--to', now) }),
    };
  }
  const select = selected.length > 0 ? selected : defaultSelect(groups);
  if (select.length > 0) query.select = toSelect(select, flags.timezone);
  if (flags.where?.length) query.where = flags.where.map((text) => parseWhere(text, types));
  if (groups.length > 0) query.groupBy = toGroupBy(groups, flags.timezone);
  if (flags.having?.length) query.having = flags.having.map(parseHaving);
  if (flags.orderBy?.length) query.orderBy = toOrderBy(flags.orderBy, flags.timezone);
  if (flags.limit !== undefined) query.limit = flags.limit;
  if (flags.fill) query.fill = true;
  return query;
}

/** Grouping without saying what to show means: how many of each. Buckets are columns by themselves. */
function defaultSelect(groups: readonly Term[]): Term[] {
  if (groups.length === 0) return [];
  return [...groups.filter(({ bucket }) => bucket === undefined), { aggregate: 'count' }];
}
