import {
  AGGREGATES,
  type Aggregate,
  type BucketItem,
  type Field,
  type FieldBaseType,
  type HavingCondition,
  type OrderItem,
  type Query,
  type SelectItem,
} from '@loguro/types';
import fc from 'fast-check';
import { type Data, valueFor } from './arbitrary-data.js';
import { aliasOf, bucketOf, called, comparison, directed, direction, grouped } from './arbitrary-parts.js';
import { nameOf } from './oracle-values.js';

/** A group key: a field or bucket under a name. One that is not `declared` in `groupBy` is named there, and in `select`. */
interface Key {
  item: SelectItem;
  name: string;
  declared: boolean;
}

/** Something that can be compared and ordered by under its name. */
interface Named {
  name: string;
  type: FieldBaseType;
}

/** Any question about groups that this dataset can be asked. */
export function groupsOf(fields: Field[], data: Data): fc.Arbitrary<Query> {
  // What depends on the order of additions is neither compared nor sorted by.
  const sortable: readonly Aggregate[] = data.wild ? ['count', 'min', 'max', 'count_distinct'] : AGGREGATES;
  return keysOf(fields).chain((keys) =>
    selectOf(keys, fields).chain((select) => {
      const names = namesOf(keys, select, fields, sortable);
      const having = fc.array(grouped(havingOf(names, fields, sortable, data)), { minLength: 1, maxLength: 2 });
      const order = fc.array(fc.tuple(termOf(keys, names, select, fields, sortable), direction), { maxLength: 3 });
      const parts = fc.record({ having: fc.option(having, { freq: 3 }), order, fill: fc.boolean() });
      return parts.map(({ having: conditions, order: terms, fill }) => ({
        ...(select !== undefined && { select }),
        ...(keys.length > 0 && { groupBy: keys.map(inGroupBy) }),
        ...(conditions && { having: conditions }),
        ...(terms.length > 0 && { orderBy: terms.map(([term, way]) => directed(term, way)) }),
        ...(fill && { fill }),
      }));
    }),
  );
}

function inGroupBy({ item, name, declared }: Key): string | BucketItem {
  return declared && item.bucket !== undefined ? (item as BucketItem) : name;
}

/** Keys of different names, no two the same. */
function keysOf(fields: Field[]): fc.Arbitrary<Key[]> {
  const plain = fc.constantFrom(...fields).map(({ name }): Key => ({ item: { field: name }, name, declared: true }));
  const renamed = fc
    .tuple(fc.constantFrom(...fields), fc.constantFrom('key_a', 'key_b'))
    .map(([{ name: field }, name]): Key => ({ item: { field, as: name }, name, declared: false }));
  const bucketFrom = (some: Field[]) =>
    fc.tuple(bucketOf(some), aliasOf(fields), fc.boolean()).map(([bucket, as, declared]): Key => {
      const item = as === undefined ? bucket : { ...bucket, as };
      return { item, name: nameOf(item), declared };
    });
  const key = fc.oneof(plain, bucketFrom(fields), { arbitrary: renamed, weight: 1 });
  // What `fill` can be asked of; by chance it seldom is.
  const fillable = fc
    .tuple(bucketFrom(fields.slice(0, 1)), fc.option(fc.constantFrom(...fields.slice(1))))
    .map(([bucket, other]): Key[] => {
      if (other === null || other.name === bucket.name) return [bucket];
      return [bucket, { item: { field: other.name }, name: other.name, declared: true }];
    });
  const several = fc
    .uniqueArray(key, { maxLength: 3, selector: ({ name }) => name })
    .filter((keys) => new Set(keys.map(({ item }) => identity(item))).size === keys.length)
    // A field under another name, whose own name is that of another key, can't be selected.
    .filter(
      (keys) =>
        !keys.some(
          ({ item, name }) =>
            item.bucket === undefined && item.field !== name && keys.some((key) => key.name === item.field),
        ),
    );
  return fc.oneof({ arbitrary: several, weight: 4 }, { arbitrary: fillable, weight: 1 });
}

/** The same for the same field or bucket, whatever its name. */
function identity({ bucket, field, timezone = 'UTC' }: SelectItem): string {
  return bucket === undefined ? `${field}` : `${bucket} ${field} ${timezone}`;
}

/** Some of the keys, by their names or under others, and aggregates; or nothing, where nothing has to be there. */
function selectOf(keys: Key[], fields: Field[]): fc.Arbitrary<SelectItem[] | undefined> {
  const shown = fc.tuple(fc.subarray(keys.filter(({ declared }) => declared)), fc.nat({ max: 2 }));
  const aggregates = fc.array(fc.tuple(aggregateOf(fields, AGGREGATES), aliasOf(fields)), {
    minLength: 1,
    maxLength: 4,
  });
  const needed = keys.filter(({ declared }) => !declared).map(({ item }) => item);
  const select = fc.tuple(shown, aggregates).map(([[some, as], computed]) => {
    const items = [...needed, ...some.map((key) => shownAs(key, as))];
    const taken = [...keys.map(({ name }) => name), ...items.map(nameOf)];
    computed.forEach(([item, alias], i) => {
      const aggregate = called<SelectItem>(item, alias, taken, `agg${i}`);
      items.push(aggregate);
      taken.push(nameOf(aggregate));
    });
    return items;
  });
  const bare = needed.length === 0 && keys.every(({ name }) => name !== 'count');
  return bare ? fc.option(select, { freq: 1, nil: undefined }) : select;
}

/** A key as `select` may have it: by its name, under another name, or as it was declared. */
function shownAs({ item, name }: Key, as: number): SelectItem {
  if (as === 0) return { field: name };
  return as === 1 ? { field: name, as: `shown_${name}` } : item;
}

/** What a name means: a column, else a key, else the field of a key. */
function namesOf(
  keys: Key[],
  select: SelectItem[] | undefined,
  fields: Field[],
  sortable: readonly Aggregate[],
): Named[] {
  const typeOf = (name?: string) => fields.find((field) => field.name === name)?.type ?? 'number';
  const names = new Map<string, Named | null>();
  const add = (name: string, type: FieldBaseType | null) => {
    if (!names.has(name)) names.set(name, type && { name, type });
  };
  for (const item of select ?? [{ aggregate: 'count' as const }]) {
    if (item.aggregate === undefined) continue;
    const counts = item.aggregate === 'count' || item.aggregate === 'count_distinct';
    add(nameOf(item), !sortable.includes(item.aggregate) ? null : counts ? 'number' : typeOf(item.field));
  }
  for (const { name, item } of keys) {
    add(name, typeOf(item.field));
    add(`shown_${name}`, null);
  }
  for (const item of select ?? []) {
    const key = keys.find(({ name }) => name === item.field);
    if (item.as?.startsWith('shown_') && key) names.set(item.as, { name: item.as, type: typeOf(key.item.field) });
  }
  for (const { item } of keys) if (item.bucket === undefined) add(item.field as string, typeOf(item.field));
  return [...names.values()].filter((named) => named !== null);
}

function havingOf(
  names: Named[],
  fields: Field[],
  sortable: readonly Aggregate[],
  data: Data,
): fc.Arbitrary<HavingCondition> {
  const computed = aggregateOf(fields, sortable).chain((item): fc.Arbitrary<HavingCondition> => {
    const counts = item.aggregate === 'count' || item.aggregate === 'count_distinct';
    const type = counts ? 'number' : (fields.find(({ name }) => name === item.field)?.type ?? 'number');
    const value = counts ? fc.integer({ min: 0, max: 10 }) : valueFor(type, data.wild);
    return comparison(type, value).map((rest) => ({ ...item, ...rest }));
  });
  if (names.length === 0) return computed;
  const named = fc.constantFrom(...names).chain(({ name, type }) => {
    // Most numbers are counts.
    const value = type === 'number' ? fc.integer({ min: 0, max: 10 }) : valueFor(type, data.wild);
    return comparison(type, value).map((rest): HavingCondition => ({ field: name, ...rest }));
  });
  return fc.oneof(computed, named);
}

/** By name, by aggregates, and by items as they stand in the query. */
function termOf(
  keys: Key[],
  names: Named[],
  select: SelectItem[] = [],
  fields: Field[],
  sortable: readonly Aggregate[],
): fc.Arbitrary<OrderItem> {
  const repeated = select.filter(({ aggregate }) => aggregate !== undefined && sortable.includes(aggregate));
  const buckets = keys.flatMap(({ item: { as: _, ...item } }) => (item.bucket === undefined ? [] : [item]));
  const declared = keys.flatMap(({ item, declared: own }) => (item.bucket !== undefined && own ? [item] : []));
  const choices: fc.Arbitrary<OrderItem>[] = [aggregateOf(fields, sortable)];
  if (names.length > 0) choices.push(fc.constantFrom(...names).map(({ name }) => ({ field: name })));
  const items = [...repeated, ...buckets, ...declared];
  if (items.length > 0) choices.push(fc.constantFrom(...items));
  return fc.oneof(...choices);
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
