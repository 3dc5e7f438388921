import { COLUMN_TYPES, type FieldBaseType } from '@loguro/types';
import { aggregateOutput } from './aggregates.js';
import type { CompiledBucket } from './buckets.js';
import { compileConditions, type Operand } from './conditions.js';
import type { Output } from './context.js';
import { allBuckets, filledBucket } from './fill.js';
import { unknownName } from './names.js';
import { names, outputNamed } from './outputs.js';
import { limitClause, orderSql, type Parts, rowsToRead } from './parts.js';
import { conditionOf } from './where.js';

/** What the groups compute, each once, as columns c0, c1, … of a subquery; the group keys come first. */
class Slots {
  readonly #slots = new Map<string, { name: string; output: Output }>();

  /** The column of an output, as seen outside of the subquery. */
  use(output: Output): string {
    let slot = this.#slots.get(output.id);
    if (slot === undefined) {
      slot = { name: `c${this.#slots.size}`, output };
      this.#slots.set(output.id, slot);
    }
    return slot.name;
  }

  all(): { name: string; output: Output }[] {
    return [...this.#slots.values()];
  }
}

/**
 * A query for groups: an inner statement computes every key and aggregate once, whoever asks for it, and the
 * outer one filters, orders and cuts by their names.
 */
export function compileGroups(parts: Parts): { text: string; sorts: number } {
  const { conditions, outputs, order, range, context } = parts;
  const where = [conditionOf(range, context.parameters), ...conditions].join(' AND ');
  const slots = new Slots();
  const keys = outputs.keys.map(({ output }) => slots.use(output));
  const columns = outputs.columns.map(({ output }) => slots.use(output));
  const having = compileHaving(parts, slots);
  const orderBy = order.map((term) => orderSql(slots.use(term.output), term));
  const computed = slots.all().map(({ name, output }) => `${output.sql} AS ${name}`);
  const groupBy = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
  const groups = `SELECT ${computed.join(', ')} FROM ${context.source.table} WHERE ${where}${groupBy}`;
  const sorts = new Set(slots.all().flatMap(({ output }) => output.sorts ?? [])).size;
  const bucket = filledBucket(parts);
  const filter = having.length === 0 ? '' : ` WHERE ${having.join(' AND ')}`;
  const sorted = orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.join(', ')}`;
  const cut = limitClause(rowsToRead(parts), context);
  const rest = `${filter}${sorted}${cut}`;
  const select = `SELECT ${columns.join(', ')} FROM`;
  if (bucket === null) return { text: `${select} (${groups}) AS g${rest}`, sorts };
  const filled = withEmptyBuckets(bucket, keys.length, slots, parts);
  return { text: `WITH g AS (${groups}) ${select} (${filled}) AS f${rest}`, sorts };
}

/**
 * The groups of `g`, and for each combination of their other keys the buckets that have no record. Empty buckets
 * are added for all and then merged with the real ones, which takes time in proportion to their number.
 */
function withEmptyBuckets(bucket: CompiledBucket, keyCount: number, slots: Slots, parts: Parts): string {
  const all = slots.all();
  const keys = all.slice(0, keyCount);
  const others = keys.filter(({ output }) => output.id !== bucket.id).map(({ name }) => name);
  const empty = all.map(({ name, output }, i) => {
    if (output.id === bucket.id) return 'b';
    if (i < keyCount) return name;
    return output.empty ?? `NULL::${COLUMN_TYPES[output.type as FieldBaseType]}`;
  });
  const buckets = `(${allBuckets(bucket, parts)}) AS b`;
  const combinations = others.length === 0 ? '' : ` CROSS JOIN (SELECT DISTINCT ${others.join(', ')} FROM g) AS k`;
  const list = all.map(({ name }) => name).join(', ');
  const merged = all.map(({ name }, i) => (i < keyCount ? name : `max(${name}) AS ${name}`)).join(', ');
  const union = `SELECT ${list} FROM g UNION ALL SELECT ${empty.join(', ')} FROM ${buckets}${combinations}`;
  return `SELECT ${merged} FROM (${union}) AS u GROUP BY ${keys.map(({ name }) => name).join(', ')}`;
}

function compileHaving({ query, outputs, context }: Parts, slots: Slots): string[] {
  const { faults, source, parameters } = context;
  return compileConditions(query.having ?? [], 'having', {
    parameters,
    faults,
    operand(item, path): Operand | null {
      if (item.aggregate !== undefined) {
        const output = aggregateOutput({ ...item, aggregate: item.aggregate }, source, path, faults);
        const label = item.field === undefined ? item.aggregate : `${item.aggregate} of ${JSON.stringify(item.field)}`;
        return output && { ...output, sql: slots.use(output), label };
      }
      if (item.field === undefined) {
        faults.add(path, 'needs a "field" or an "aggregate"');
        return null;
      }
      const output = outputNamed(item.field, outputs);
      if (output !== null) return { ...output, sql: slots.use(output), label: JSON.stringify(item.field) };
      const reason = source.fields.has(item.field)
        ? notOfGroups(item.field)
        : unknownName('column or group key', item.field, names(outputs), 'having');
      faults.add(`${path}.field`, reason);
      return null;
    },
  });
}

function notOfGroups(field: string): string {
  const aggregate = JSON.stringify({ aggregate: 'max', field });
  return `names a field of records, not of groups: filter it in "where", or compare an aggregate, such as ${aggregate}`;
}
