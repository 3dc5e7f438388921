import {
  BUCKETS,
  type BucketItem,
  type Condition,
  type Field,
  type HavingCondition,
  type Operator,
  type OrderItem,
  type Scalar,
  type SelectItem,
} from '@loguro/types';
import fc from 'fast-check';
import { nameOf } from './oracle-values.js';

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
export const direction = fc.constantFrom(undefined, 'asc' as const, 'desc' as const);

/** Conditions, some of them in groups. */
export function grouped<T extends Condition | HavingCondition>(leaf: fc.Arbitrary<T>): fc.Arbitrary<T> {
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

/** An operator that this type has, with a value. */
export function comparison(
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

/** Names that columns are given: none of their own, a new one, or that of a field. */
export function aliasOf(fields: Field[]): fc.Arbitrary<string | undefined> {
  const fieldName = fc.constantFrom(...fields.slice(1)).map(({ name }) => name);
  return fc.oneof(fc.constant(undefined), fc.constantFrom('x', 'hour', 'count'), fieldName);
}

/** The item under that name, or under another where it is taken already. */
export function called<T extends SelectItem>(item: T, as: string | undefined, taken: string[], free: string): T {
  const named = as === undefined ? item : { ...item, as };
  return taken.includes(nameOf(named)) ? { ...item, as: free } : named;
}

/** A time bucket. */
export function bucketOf(fields: Field[]): fc.Arbitrary<BucketItem> {
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

/** A term of the order that way round. */
export function directed(item: OrderItem, way: 'asc' | 'desc' | undefined): OrderItem {
  return way === undefined ? item : { ...item, direction: way };
}
