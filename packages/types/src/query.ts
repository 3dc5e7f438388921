import { Type } from 'typebox';
import { FIELD_NAME_PATTERN } from './dataset.js';
import { LIMITS } from './limits.js';

/** What can be computed over the rows of a group. */
export const AGGREGATES = ['count', 'sum', 'avg', 'min', 'max'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** How a field can be compared. */
export const OPERATORS = ['=', '!=', '>', '>=', '<', '<=', 'in', 'not_in'] as const;
export type Operator = (typeof OPERATORS)[number];

/** A value a field can be compared with. */
export type Scalar = string | number | boolean | null;

const literals = <T extends string>(values: readonly T[]) => Type.Union(values.map((value) => Type.Literal(value)));
const FieldName = Type.String({ minLength: 1, maxLength: 63 });
const Alias = Type.String({
  pattern: FIELD_NAME_PATTERN,
  description: 'Names the column in the answer; may be used in `orderBy`.',
});
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

/** A plain field, or an aggregate over one (`count` needs none). */
export const SelectItem = Type.Object(
  {
    field: Type.Optional(FieldName),
    aggregate: Type.Optional(literals(AGGREGATES)),
    as: Type.Optional(Alias),
  },
  { additionalProperties: false },
);
export interface SelectItem {
  field?: string;
  aggregate?: Aggregate;
  /** Default: the field's name, or `<aggregate>_<field>`, or `count`. */
  as?: string;
}

export const WhereItem = Type.Object(
  {
    field: FieldName,
    op: literals(OPERATORS),
    value: Type.Union([Scalar, Type.Array(Scalar, { minItems: 1, maxItems: LIMITS.queryListValues })]),
  },
  { additionalProperties: false },
);
export interface WhereItem {
  field: string;
  op: Operator;
  value: Scalar | Scalar[];
}

export const OrderItem = Type.Object(
  {
    field: Type.String({
      minLength: 1,
      maxLength: 63,
      description: 'A selected column (by its name in the answer) or a field.',
    }),
    direction: Type.Optional(literals(['asc', 'desc'])),
  },
  { additionalProperties: false },
);
export interface OrderItem {
  field: string;
  /** Default `asc`. */
  direction?: 'asc' | 'desc';
}

const Range = Type.Object(
  {
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive. Default: 7 days before `to`.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive. Default: now.' })),
  },
  { additionalProperties: false },
);

/** A query. Every key is optional; conditions in `where` all hold. */
export const Query = Type.Object(
  {
    range: Type.Optional(Range),
    select: Type.Optional(Type.Array(SelectItem, { minItems: 1, maxItems: 100 })),
    where: Type.Optional(Type.Array(WhereItem, { maxItems: 100 })),
    groupBy: Type.Optional(Type.Array(FieldName, { maxItems: 20 })),
    orderBy: Type.Optional(Type.Array(OrderItem, { maxItems: 20 })),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: `Default ${LIMITS.queryLimitDefault}; more than ${LIMITS.queryLimitMax} counts as ${LIMITS.queryLimitMax}.`,
      }),
    ),
  },
  {
    $id: 'Query',
    additionalProperties: false,
    examples: [{ select: [{ field: 'country' }, { aggregate: 'count', as: 'events' }], groupBy: ['country'] }],
  },
);
export interface Query {
  range?: { from?: string; to?: string };
  select?: SelectItem[];
  where?: WhereItem[];
  groupBy?: string[];
  orderBy?: OrderItem[];
  limit?: number;
}

export const QueryResult = Type.Object(
  {
    rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    columns: Type.Array(
      Type.Object(
        { name: Type.String(), type: literals(['string', 'number', 'boolean', 'timestamp', 'object']) },
        { additionalProperties: false },
      ),
    ),
    rowCount: Type.Integer({ minimum: 0 }),
    range: Type.Object(
      { from: Type.String({ format: 'date-time' }), to: Type.String({ format: 'date-time' }) },
      { additionalProperties: false },
    ),
    elapsedMs: Type.Number({ minimum: 0 }),
  },
  { $id: 'QueryResult', additionalProperties: false },
);
export interface QueryResult {
  /** One object per row, keyed by column name; `timestamp` values are RFC 3339 UTC strings. */
  rows: Record<string, unknown>[];
  columns: { name: string; type: 'string' | 'number' | 'boolean' | 'timestamp' | 'object' }[];
  rowCount: number;
  /** The range that was asked, defaults filled in. */
  range: { from: string; to: string };
  /** Time in the database, in milliseconds. */
  elapsedMs: number;
}
