import { type TSchema, Type } from 'typebox';
import { FIELD_NAME_PATTERN } from './dataset.js';
import { LIMITS } from './limits.js';

/** What can be computed over the rows of a group. */
export const AGGREGATES = ['count', 'sum', 'avg', 'min', 'max', 'count_distinct', 'p50', 'p90', 'p95', 'p99'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** How a field can be compared. */
export const OPERATORS = [
  '=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'in',
  'not_in',
  'contains',
  'starts_with',
  'is_null',
  'is_not_null',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** The spans a timestamp can be cut into. A week starts on Monday. */
export const BUCKETS = ['minute', 'hour', 'day', 'week', 'month'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** A value a field can be compared with. */
export type Scalar = string | number | boolean | null;

/** A union of constants, as a schema. */
export const literals = <T extends string>(values: readonly T[]) =>
  Type.Union(values.map((value) => Type.Literal(value)));

/** The name of a field, or of a column of the answer. */
export const FieldName = Type.String({ minLength: 1, maxLength: 63 });
/** The name of a column of the answer, chosen by whoever asks. */
export const ColumnAlias = Type.String({
  pattern: FIELD_NAME_PATTERN,
  description:
    'Names the column in the answer; may be used in `having` and `orderBy`, that of a field or bucket also in `groupBy`. ' +
    'Not `__…`, nor the name of a group key that is something else.',
});
const Timezone = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'An IANA time zone such as `Europe/Bucharest`; buckets start at its midnight. Default `UTC`.',
});
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

const bucketKeys = {
  bucket: Type.Optional(literals(BUCKETS)),
  timezone: Type.Optional(Timezone),
};

/** A plain field, an aggregate over one (`count` needs none), or a time bucket of one. */
export const SelectItem = Type.Object(
  {
    field: Type.Optional(FieldName),
    aggregate: Type.Optional(literals(AGGREGATES)),
    ...bucketKeys,
    as: Type.Optional(ColumnAlias),
  },
  { additionalProperties: false, examples: [{ field: 'country' }, { aggregate: 'count' }] },
);
export interface SelectItem {
  field?: string;
  aggregate?: Aggregate;
  bucket?: Bucket;
  /** With `bucket` only. */
  timezone?: string;
  /** Default: the field's name, `<aggregate>_<field>`, `count`, or the name of the bucket. */
  as?: string;
}

/** A time bucket as a group key. It is a column of the answer, whether or not `select` repeats it. */
export const BucketItem = Type.Object(
  { bucket: literals(BUCKETS), field: FieldName, timezone: Type.Optional(Timezone), as: Type.Optional(ColumnAlias) },
  { additionalProperties: false },
);
export interface BucketItem {
  bucket: Bucket;
  field: string;
  timezone?: string;
  /** Default: the name of the bucket. */
  as?: string;
}

/**
 * Conditions are one object type rather than a union, so that a fault is reported where it is; that an item
 * is exactly one of comparison, `and`, `or` and `not` is checked with the rest of the meaning.
 */
const condition = ($id: string, operand: Record<string, TSchema>, description: string, example: object) =>
  Type.Object(
    {
      ...operand,
      op: Type.Optional(literals(OPERATORS)),
      value: Type.Optional(Type.Union([Scalar, Type.Array(Scalar, { minItems: 1, maxItems: LIMITS.queryListValues })])),
      and: Type.Optional(Type.Array(Type.Ref($id), { minItems: 1, maxItems: LIMITS.queryConditions })),
      or: Type.Optional(Type.Array(Type.Ref($id), { minItems: 1, maxItems: LIMITS.queryConditions })),
      not: Type.Optional(Type.Ref($id)),
    },
    { $id, additionalProperties: false, description, examples: [example] },
  );

/** A comparison of a field, or a group of conditions. */
export const Condition = condition(
  'QueryCondition',
  { field: Type.Optional(FieldName) },
  'Either `field`, `op` and `value`, or exactly one of `and`, `or` and `not`.',
  { field: 'country', op: '=', value: 'RO' },
);
export interface Condition {
  field?: string;
  op?: Operator;
  /** A list for `in` and `not_in`; absent for `is_null` and `is_not_null`. */
  value?: Scalar | Scalar[];
  and?: Condition[];
  or?: Condition[];
  not?: Condition;
}

/** The same over groups: `field` is a column of the answer or a group key, or `aggregate` says what to compute. */
export const HavingCondition = condition(
  'QueryHaving',
  { field: Type.Optional(FieldName), aggregate: Type.Optional(literals(AGGREGATES)) },
  'Either a column or an aggregate with `op` and `value`, or exactly one of `and`, `or` and `not`.',
  { field: 'count', op: '>', value: 10 },
);
export interface HavingCondition {
  field?: string;
  aggregate?: Aggregate;
  op?: Operator;
  value?: Scalar | Scalar[];
  and?: HavingCondition[];
  or?: HavingCondition[];
  not?: HavingCondition;
}

/** What to order by: a column of the answer, a field, an aggregate or a bucket. */
export const OrderItem = Type.Object(
  {
    field: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 63,
        description: 'A selected column (by its name in the answer) or a field.',
      }),
    ),
    aggregate: Type.Optional(literals(AGGREGATES)),
    ...bucketKeys,
    as: Type.Optional(
      Type.String({
        pattern: FIELD_NAME_PATTERN,
        description: 'Chooses no name: what is ordered by may be repeated as it stands in `select` or `groupBy`.',
      }),
    ),
    direction: Type.Optional(literals(['asc', 'desc'])),
  },
  { additionalProperties: false, examples: [{ field: 'timestamp', direction: 'desc' }] },
);
export interface OrderItem {
  field?: string;
  aggregate?: Aggregate;
  bucket?: Bucket;
  timezone?: string;
  /** Chooses no name: it must be the one that `select` or `groupBy` gave. */
  as?: string;
  /** Default `asc`. Nulls come last either way. */
  direction?: 'asc' | 'desc';
}
