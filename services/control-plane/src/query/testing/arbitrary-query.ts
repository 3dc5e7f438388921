import {
  type Bucket,
  type BucketItem,
  type Condition,
  type Field,
  fieldList,
  type OrderItem,
  type Query,
  type Scalar,
  type SelectItem,
} from '@loguro/types';
import fc from 'fast-check';
import { type Data, timestamp, valueFor } from './arbitrary-data.js';
import { groupsOf } from './arbitrary-groups.js';
import { aliasOf, bucketOf, called, comparison, directed, direction, grouped } from './arbitrary-parts.js';
import { nameOf } from './oracle-values.js';

/** A query as the oracle takes it: valid, and with both ends of its range. */
export type FullQuery = Query & { range: { from: string; to: string } };

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
  const buckets = (query.groupBy ?? []).flatMap((item): SelectItem[] => {
    if (typeof item !== 'string') return [item];
    return query.select?.filter((other) => other.bucket !== undefined && nameOf(other) === item) ?? [];
  });
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

function rawOf(fields: Field[]): fc.Arbitrary<Query> {
  const items = fc.oneof(
    { arbitrary: fc.constantFrom(...fields).map(({ name }): SelectItem => ({ field: name })), weight: 4 },
    { arbitrary: bucketOf(fields).map((item): SelectItem => item), weight: 1 },
  );
  const columns = fc.array(fc.tuple(items, aliasOf(fields)), { minLength: 1, maxLength: 4 });
  const select = columns.map((some) => {
    const named: SelectItem[] = [];
    for (const [item, as] of some) named.push(called(item, as, named.map(nameOf), `col${named.length}`));
    return named;
  });
  return select.chain((selected) => {
    const byName = fc.constantFrom(...fields, ...selected.map((item) => ({ name: nameOf(item) })));
    const byBucket = fc.oneof(bucketOf(fields), ...selected.filter(isBucket).map((item) => fc.constant(item)));
    const term: fc.Arbitrary<OrderItem> = fc.oneof(
      { arbitrary: byName.map(({ name }): OrderItem => ({ field: name })), weight: 4 },
      { arbitrary: byBucket, weight: 1 },
    );
    return fc.array(fc.tuple(term, direction), { maxLength: 3 }).map((terms) => ({
      select: selected,
      ...(terms.length > 0 && { orderBy: terms.map(([by, way]) => directed(by, way)) }),
    }));
  });
}

function isBucket(item: SelectItem): item is BucketItem {
  return item.bucket !== undefined;
}
