import {
  type Aggregate,
  type Bucket,
  type BucketItem,
  type Condition,
  type Field,
  type FieldBaseType,
  type Fields,
  fieldList,
  type HavingCondition,
  type OrderItem,
  type Query,
  type Scalar,
  type SelectItem,
} from '@loguro/types';
import {
  compareNullable,
  compareValues,
  micros,
  nameOf,
  type Row,
  shown,
  toRow,
  toValue,
  type Value,
} from './oracle-values.js';
import { bucketStart } from './oracle-zones.js';

/** The records of datasets that are asked many times; reading their timestamps was a third of the evaluator's time. */
const rowsOf = new WeakMap<readonly Record<string, unknown>[], Row[]>();

/** The answer that a query over these records must get, without a limit. */
export interface Expected {
  rows: Record<string, unknown>[];
  names: string[];
}

/**
 * Answers a query the slow and obvious way, over records in memory. It shares nothing with the compiler: no SQL,
 * no database, no code but the reading and writing of timestamps.
 *
 * @param query valid, with both ends of its range
 */
export function evaluate(fields: Fields, records: readonly Record<string, unknown>[], query: Query): Expected {
  const types = new Map<string, Field>([
    ['timestamp', { name: 'timestamp', type: 'timestamp', optional: false }],
    ...fieldList(fields).map((field): [string, Field] => [field.name, field]),
  ]);
  const rows = rowsOf.get(records) ?? records.map((record) => toRow(record, types));
  rowsOf.set(records, rows);
  const from = micros(query.range?.from as string);
  const to = micros(query.range?.to as string);
  const kept = rows.filter((row) => {
    const at = row.timestamp as bigint;
    return at >= from && at <= to && (query.where ?? []).every((condition) => holds(condition, row, types));
  });
  const aggregated = query.select === undefined || query.select.some(({ aggregate }) => aggregate !== undefined);
  const grouped = aggregated || (query.groupBy ?? []).length > 0 || query.having !== undefined;
  const answer = grouped ? groups(kept, query, types, { from, to }) : raw(kept, query);
  return { names: answer.names, rows: answer.rows.map((row) => shown(row, answer.names)) };
}

function raw(rows: Row[], query: Query) {
  const select = query.select ?? [];
  const columns = select.map((item) => ({ name: nameOf(item), of: (row: Row) => computed(item, row) }));
  const order = query.orderBy ?? [{ field: 'timestamp', direction: 'desc' as const }];
  const meant = order.map((item) => {
    const column = select.find((one) => item.bucket === undefined && nameOf(one) === item.field);
    return { item: column ?? item, descending: item.direction === 'desc' };
  });
  // A second mention orders nothing, not even by its direction the rows that are alike.
  const first = meant.filter(({ item }, i) => meant.findIndex((other) => same(other.item, item)) === i);
  const terms = first.map(({ item, descending }) => ({ of: (row: Row) => computed(item, row), descending }));
  const lastDescends = terms.at(-1)?.descending ?? true;
  const sorted = rows
    .map((row, i) => ({ row, i }))
    .sort((a, b) => byTerms(terms, a.row, b.row) || (lastDescends ? b.i - a.i : a.i - b.i))
    .map(({ row }) => Object.fromEntries(columns.map(({ name, of }) => [name, of(row)])));
  return { names: columns.map(({ name }) => name), rows: sorted };
}

interface Key {
  name: string;
  item: SelectItem;
  declared: boolean;
}

function groups(rows: Row[], query: Query, types: Map<string, Field>, range: { from: bigint; to: bigint }) {
  const select = query.select;
  const keys: Key[] = (query.groupBy ?? []).map((item) => {
    if (typeof item !== 'string') return { name: item.as ?? item.bucket, item, declared: true };
    const bucket = select?.find((other) => other.bucket !== undefined && nameOf(other) === item);
    const renamed = types.has(item) ? undefined : select?.find(({ as }) => as === item);
    return { name: item, item: bucket ?? { field: renamed?.field ?? item }, declared: false };
  });
  const members = new Map<string, { values: Value[]; rows: Row[] }>();
  const member = (values: Value[]) => {
    const id = JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
    const found = members.get(id) ?? { values, rows: [] };
    members.set(id, found);
    return found;
  };
  if (keys.length === 0) member([]);
  for (const row of rows) member(keys.map(({ item }) => computed(item, row))).rows.push(row);
  if (query.fill === true)
    fillIn(
      keys,
      [...members.values()].map(({ values }) => values),
      member,
      range,
    );

  const all = [...members.values()];
  const keyOf = (name: string) =>
    keys.find((key) => key.name === name)?.item ??
    keys.find(({ item }) => item.bucket === undefined && item.field === name)?.item;
  /** The key that a plain field means; everything else means itself. */
  const resolved = (item: SelectItem): SelectItem =>
    item.aggregate === undefined && item.bucket === undefined ? (keyOf(item.field as string) as SelectItem) : item;
  const valueFor = (item: SelectItem, group: (typeof all)[number]): Value => {
    if (item.aggregate !== undefined) return aggregate(item.aggregate, item.field, group.rows);
    return group.values[keys.findIndex((key) => same(key.item, item))] as Value;
  };
  const selected = (select ?? [{ aggregate: 'count' as const }]).map((item) => ({
    name: nameOf(item),
    item: resolved(item),
  }));
  const implied = keys.filter(
    (key) => select === undefined || (key.declared && !selected.some(({ item }) => same(item, key.item))),
  );
  const columns = [...implied.map(({ name, item }) => ({ name, item })), ...selected];
  const reference = (item: OrderItem | HavingCondition): SelectItem => {
    if (item.aggregate !== undefined || ('bucket' in item && item.bucket)) return item as SelectItem;
    const column = columns.find(({ name }) => name === item.field);
    return column?.item ?? (keyOf(item.field as string) as SelectItem);
  };

  const kept = all.filter((group) =>
    (query.having ?? []).every((condition) =>
      holdsWith(condition, (item) => ({
        value: valueFor(reference(item as HavingCondition), group),
        type: typeOf(reference(item as HavingCondition), types),
      })),
    ),
  );
  const terms = [
    ...(query.orderBy ?? []).map((item) => ({ item: reference(item), descending: item.direction === 'desc' })),
    ...keys.map(({ item }) => ({ item, descending: false })),
  ].map(({ item, descending }) => ({ of: (group: (typeof all)[number]) => valueFor(item, group), descending }));
  kept.sort((a, b) => byTerms(terms, a, b));
  const names = columns.map(({ name }) => name);
  return {
    names,
    rows: kept.map((group) => Object.fromEntries(columns.map(({ name, item }) => [name, valueFor(item, group)]))),
  };
}

/** Whether two items are the same field, bucket or aggregate, whatever their names. */
function same(a: SelectItem, b: SelectItem): boolean {
  const zone = (item: SelectItem) => (item.bucket === undefined ? undefined : (item.timezone ?? 'UTC'));
  return a.bucket === b.bucket && a.field === b.field && a.aggregate === b.aggregate && zone(a) === zone(b);
}

/** In microseconds, so short that no bucket is missed: a quarter of an hour divides every offset in use. */
const FILL_STEPS: Record<Bucket, bigint> = {
  minute: 60_000_000n,
  hour: 900_000_000n,
  day: 21_600_000_000n,
  week: 21_600_000_000n,
  month: 21_600_000_000n,
};

/** Adds an empty group for each bucket of the range and each combination of the other keys that occurs. */
function fillIn(
  keys: Key[],
  present: Value[][],
  member: (values: Value[]) => unknown,
  range: { from: bigint; to: bigint },
) {
  const at = keys.findIndex(({ item }) => item.bucket !== undefined);
  const { bucket, timezone = 'UTC' } = (keys[at] as Key).item as BucketItem;
  const starts = new Set([bucketStart(range.to, bucket, timezone)]);
  const step = FILL_STEPS[bucket];
  for (let instant = range.from; instant <= range.to; instant += step)
    starts.add(bucketStart(instant, bucket, timezone));
  const combinations = keys.length === 1 ? [[null]] : present;
  for (const values of combinations)
    for (const start of starts) member(values.map((value, i) => (i === at ? start : value)));
}

function computed(item: SelectItem | OrderItem, row: Row): Value {
  const value = row[item.field as string] ?? null;
  if (item.bucket === undefined || value === null) return value;
  return bucketStart(value as bigint, item.bucket, item.timezone ?? 'UTC');
}

function aggregate(kind: Aggregate, field: string | undefined, rows: Row[]): Value {
  if (field === undefined) return rows.length;
  const values = rows.map((row) => row[field] ?? null).filter((value) => value !== null);
  if (kind === 'count') return values.length;
  if (kind === 'count_distinct') return new Set(values).size;
  if (values.length === 0) return null;
  const sorted = values.toSorted(compareValues);
  if (kind === 'min') return sorted[0] as Value;
  if (kind === 'max') return sorted.at(-1) as Value;
  const sum = (values as number[]).reduce((a, b) => a + b, 0);
  if (kind === 'sum') return sum;
  if (kind === 'avg') return sum / values.length;
  const rank = (Number(kind.slice(1)) / 100) * (values.length - 1);
  const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number];
  return low + (rank - Math.floor(rank)) * (high - low);
}

function holds(condition: Condition, row: Row, types: Map<string, Field>): boolean {
  return holdsWith(condition, ({ field }) => ({
    value: row[field as string] ?? null,
    type: types.get(field as string)?.type as FieldBaseType,
  }));
}

type AnyCondition = Condition | HavingCondition;
type Operand = (condition: AnyCondition) => { value: Value; type: FieldBaseType };

function holdsWith(condition: AnyCondition, operand: Operand): boolean {
  if (condition.and) return condition.and.every((part) => holdsWith(part, operand));
  if (condition.or) return condition.or.some((part) => holdsWith(part, operand));
  if (condition.not) return !holdsWith(condition.not, operand);
  const { value: left, type } = operand(condition);
  const right = condition.value;
  const same = (scalar: Scalar) => compareNullable(left, toValue(scalar, type)) === 0;
  switch (condition.op) {
    case 'is_null':
      return left === null;
    case 'is_not_null':
      return left !== null;
    case '=':
      return same(right as Scalar);
    case '!=':
      return !same(right as Scalar);
    case 'in':
      return (right as Scalar[]).some(same);
    case 'not_in':
      return !(right as Scalar[]).some(same);
    case 'contains':
      return left !== null && (left as string).includes(right as string);
    case 'starts_with':
      return left !== null && (left as string).startsWith(right as string);
    default: {
      if (left === null) return false;
      const order = compareValues(left, toValue(right as Scalar, type) as Value);
      if (condition.op === '>') return order > 0;
      if (condition.op === '>=') return order >= 0;
      return condition.op === '<' ? order < 0 : order <= 0;
    }
  }
}

function typeOf(item: SelectItem, types: Map<string, Field>): FieldBaseType {
  const counts = item.aggregate === 'count' || item.aggregate === 'count_distinct';
  return counts ? 'number' : (types.get(item.field as string)?.type as FieldBaseType);
}

function byTerms<T>(terms: { of: (row: T) => Value; descending: boolean }[], a: T, b: T): number {
  for (const { of, descending } of terms) {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1;
      continue;
    }
    const order = compareValues(x, y);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}
