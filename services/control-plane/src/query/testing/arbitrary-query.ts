import {
  AGGREGATES,
  type Aggregate,
  BUCKETS,
  type Bucket,
  type BucketItem,
  type Condition,
  type Field,
  fieldList,
  type HavingCondition,
  type Operator,
  type OrderItem,
  type Query,
  type Scalar,
  type SelectItem,
} from '@loguro/types';
import fc from 'fast-check';
import { type Data, timestamp, valueFor } from './arbitrary-data.js';

/** A query as the oracle takes it: valid, and with both ends of its range. */
export type FullQuery = Query & { range: { from: string; to: string } };

const ZONES = [
  'UTC',
  'Europe/Bucharest',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Havana',
  // A zone to us, an offset to PostgreSQL.
  'CET',
];
const ANY: Operator[] = ['=', '!=', 'in', 'not_in', 'is_null', 'is_not_null'];
const ORDERED: Operator[] = ['>', '>=', '<', '<='];
const TEXTUAL: Operator[] = ['contains', 'starts_with'];
const direction = fc.constantFrom(undefined, 'asc' as const, 'desc' as const);

/** Any query that this dataset can be asked. */
export function queryOf(data: Data): fc.Arbitrary<FullQuery> {
  const fields: Field[] = [{ name: 'timestamp', type: 'timestamp', optional: false }, ...fieldList(data.fields)];
  const where = fc.array(grouped(leafOf(fields, data)), { minLength: 1, maxLength: 2 });
  const shape = fc.oneof(rawOf(fields), groupsOf(fields, data));
  return fc
    .tuple(shape, rangeOf(), fc.option(where, { freq: 1 }))
    .map(([query, range, conditions]) => trimmed({ ...query, range, ...(conditions && { where: conditions }) }, data));
}

/** Buckets a day, and rows that `fill` may make of them: more take long and prove nothing more. */
const A_DAY: Record<Bucket, number> = { minute: 1440, hour: 24, day: 1, week: 1 / 7, month: 1 / 30 };
const FILLED_ROWS = 5000;

/** `fill` needs one bucket, and over thousands of years it would be refused. */
function trimmed({ fill, ...query }: FullQuery, { records }: Data): FullQuery {
  const buckets = (query.groupBy ?? []).flatMap((item) => (typeof item === 'string' ? [] : [item]));
  const [bucket] = buckets;
  const fits = buckets.length === 1 && bucket?.field === 'timestamp';
  const days = (Date.parse(query.range.to) - Date.parse(query.range.from)) / 86_400_000;
  const combinations = query.groupBy?.length === 1 ? 1 : Math.max(1, records.length);
  const few = days < 300 && days * A_DAY[bucket?.bucket ?? 'minute'] * combinations < FILLED_ROWS;
  return fill && fits && few ? { ...query, fill } : query;
}

function rangeOf(): fc.Arbitrary<{ from: string; to: string }> {
  const whole = fc.constant({ from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' });
  const part = fc
    .tuple(timestamp, timestamp)
    .map(([a, b]) =>
      Date.parse(a) < Date.parse(b) ? { from: a, to: b } : a === b ? { from: a, to: a } : { from: b, to: a },
    );
  const sound = part.filter(({ from, to }) => Date.parse(from) < Date.parse(to) || from === to);
  const spring = fc.constant({ from: '2026-03-27T10:00:00Z', to: '2026-03-30T09:00:00.5Z' });
  return fc.oneof({ arbitrary: whole, weight: 4 }, { arbitrary: sound, weight: 2 }, { arbitrary: spring, weight: 3 });
}

/** Conditions, some of them in groups. */
function grouped<T extends Condition | HavingCondition>(leaf: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.letrec<{ any: T }>((tie) => {
    const some = fc.array(tie('any'), { minLength: 1, maxLength: 3 });
    return {
      any: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { arbitrary: leaf, weight: 4 },
        { arbitrary: some.map((or) => ({ or }) as unknown as T), weight: 1 },
        { arbitrary: some.map((and) => ({ and }) as unknown as T), weight: 1 },
        { arbitrary: tie('any').map((not) => ({ not }) as unknown as T), weight: 1 },
      ),
    };
  }).any;
}

function leafOf(fields: Field[], data: Data): fc.Arbitrary<Condition> {
  return fc.constantFrom(...fields).chain((field) => {
    // Values that occur make conditions that hold for some.
    const present = data.records
      .map((record) => record[field.name])
      .filter((value) => value !== null && value !== undefined);
    const value = fc.oneof(
      {
        arbitrary: present.length > 0 ? fc.constantFrom(...(present as Scalar[])) : valueFor(field.type, data.wild),
        weight: 3,
      },
      { arbitrary: valueFor(field.type, data.wild) as fc.Arbitrary<Scalar>, weight: 1 },
    );
    return comparison(field.type, value).map((rest) => ({ field: field.name, ...rest }));
  });
}

function comparison(
  type: Field['type'],
  value: fc.Arbitrary<Scalar>,
): fc.Arbitrary<{ op: Operator; value?: Scalar | Scalar[] }> {
  const operators = [...ANY, ...(type === 'boolean' ? [] : ORDERED), ...(type === 'string' ? TEXTUAL : [])];
  return fc.constantFrom(...operators).chain((op): fc.Arbitrary<{ op: Operator; value?: Scalar | Scalar[] }> => {
    const orNull = fc.option(value, { freq: 5 });
    if (op === 'is_null' || op === 'is_not_null') return fc.constant({ op });
    if (op === 'in' || op === 'not_in')
      return fc.array(orNull, { minLength: 1, maxLength: 4 }).map((list) => ({ op, value: list }));
    return (op === '=' || op === '!=' ? orNull : value).map((one) => ({ op, value: one }));
  });
}

function rawOf(fields: Field[]): fc.Arbitrary<Query> {
  const field = fc.constantFrom(...fields).map(({ name }): SelectItem => ({ field: name }));
  const bucket = bucketOf(fields).map((item): SelectItem => item);
  const select = fc
    .array(fc.oneof({ arbitrary: field, weight: 4 }, { arbitrary: bucket, weight: 1 }), { minLength: 1, maxLength: 4 })
    .map((items) => items.map((item, i) => ({ ...item, as: `col${i}` })));
  const byField = fc.constantFrom(...fields).map(({ name }): OrderItem => ({ field: name }));
  const byBucket = bucketOf(fields).map(({ as: _, ...item }): OrderItem => item);
  const term = fc.oneof({ arbitrary: byField, weight: 4 }, { arbitrary: byBucket, weight: 1 });
  // A second mention of a term orders nothing.
  const order = fc.uniqueArray(fc.tuple(term, direction), {
    maxLength: 3,
    selector: ([{ bucket: kind, field: name, timezone = 'UTC' }]) => (kind ? `${kind} ${name} ${timezone}` : name),
  });
  return fc.tuple(select, order).map(([items, terms]) => ({
    select: items,
    ...(terms.length > 0 && { orderBy: terms.map(([term, way]) => directed(term, way)) }),
  }));
}

function bucketOf(fields: Field[]): fc.Arbitrary<BucketItem> {
  const stamps = fields.filter(({ type }) => type === 'timestamp').map(({ name }) => name);
  const field = fc.oneof(
    { arbitrary: fc.constant('timestamp'), weight: 3 },
    { arbitrary: fc.constantFrom(...stamps), weight: 1 },
  );
  const timezone = fc.constantFrom(undefined, ...ZONES);
  return fc.record({ bucket: fc.constantFrom(...BUCKETS), field, timezone }).map(({ timezone: zone, ...rest }) => ({
    ...rest,
    ...(zone !== undefined && { timezone: zone }),
  }));
}

function aggregateOf(
  fields: Field[],
  kinds: readonly Aggregate[],
): fc.Arbitrary<{ aggregate: Aggregate; field?: string }> {
  return fc.constantFrom(...kinds).chain((aggregate): fc.Arbitrary<{ aggregate: Aggregate; field?: string }> => {
    const takes = fields.filter(({ type }) => {
      if (aggregate === 'count' || aggregate === 'count_distinct') return true;
      return type === 'number' || ((aggregate === 'min' || aggregate === 'max') && type !== 'boolean');
    });
    if (takes.length === 0 || aggregate === 'count') {
      const whole = fc.constant({ aggregate: 'count' as const });
      return takes.length === 0
        ? whole
        : fc.oneof(
            whole,
            fc.constantFrom(...takes).map(({ name }) => ({ aggregate, field: name })),
          );
    }
    return fc.constantFrom(...takes).map(({ name }) => ({ aggregate, field: name }));
  });
}

function groupsOf(fields: Field[], data: Data): fc.Arbitrary<Query> {
  // What depends on the order of additions is neither compared nor sorted by.
  const sortable = data.wild ? (['count', 'min', 'max', 'count_distinct'] as const) : AGGREGATES;
  const key = fc.oneof(
    fc.constantFrom(...fields).map(({ name }): string | BucketItem => name),
    fc
      .tuple(bucketOf(fields), fc.constantFrom('bucket_a', 'bucket_b'))
      .map(([item, as]): string | BucketItem => ({ ...item, as })),
  );
  // What `fill` can be asked of; by chance it seldom is.
  const fillable = fc
    .tuple(bucketOf(fields.slice(0, 1)), fc.option(fc.constantFrom(...fields.slice(1)).map(({ name }) => name)))
    .map(([item, other]): (string | BucketItem)[] => [{ ...item, as: 'bucket_a' }, ...(other === null ? [] : [other])]);
  const anyKeys = fc
    .uniqueArray(key, { maxLength: 3, selector: (item) => (typeof item === 'string' ? item : item.as) })
    .filter(
      (items) =>
        new Set(
          items.map((item) =>
            typeof item === 'string' ? item : `${item.bucket} ${item.field} ${item.timezone ?? 'UTC'}`,
          ),
        ).size === items.length,
    );
  const keys = fc.oneof({ arbitrary: anyKeys, weight: 4 }, { arbitrary: fillable, weight: 1 });
  return keys.chain((groupBy) => {
    const named = groupBy.map((item) => (typeof item === 'string' ? item : (item.as as string)));
    const aggregates = fc
      .array(aggregateOf(fields, AGGREGATES), { minLength: 1, maxLength: 4 })
      .map((items) => items.map((item, i): SelectItem => ({ ...item, as: `agg${i}` })));
    const plain = fc.subarray(named).map((names) => names.map((field): SelectItem => ({ field })));
    const having = fc.option(fc.array(grouped(havingOf(fields, sortable, data)), { minLength: 1, maxLength: 2 }), {
      freq: 3,
    });
    const byKey: fc.Arbitrary<OrderItem>[] =
      named.length > 0 ? [fc.constantFrom(...named).map((field) => ({ field }))] : [];
    const order = fc.array(fc.tuple(fc.oneof(...byKey, aggregateOf(fields, sortable)), direction), { maxLength: 2 });
    const parts = fc.record({ aggregates, plain, having, order, fill: fc.boolean(), bare: fc.boolean() });
    return parts.map(({ aggregates: computed, plain: shown, having: conditions, order: terms, fill, bare }) => ({
      ...(!bare && { select: [...shown, ...computed] }),
      ...(groupBy.length > 0 && { groupBy }),
      ...(conditions && { having: conditions }),
      ...(terms.length > 0 && { orderBy: terms.map(([term, way]) => directed(term, way)) }),
      ...(fill && { fill }),
    }));
  });
}

function havingOf(fields: Field[], kinds: readonly Aggregate[], data: Data): fc.Arbitrary<HavingCondition> {
  return aggregateOf(fields, kinds).chain((item) => {
    const counts = item.aggregate === 'count' || item.aggregate === 'count_distinct';
    const type = counts ? 'number' : (fields.find(({ name }) => name === item.field)?.type ?? 'number');
    const value = counts ? fc.integer({ min: 0, max: 10 }) : valueFor(type, data.wild);
    return comparison(type, value).map((rest) => ({ ...item, ...rest }));
  });
}

function directed(item: OrderItem, way: 'asc' | 'desc' | undefined): OrderItem {
  return way === undefined ? item : { ...item, direction: way };
}
