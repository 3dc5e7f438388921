import { Type } from 'typebox';
import { LIMITS } from './limits.js';
import {
  BucketItem,
  type Condition,
  FieldName,
  type HavingCondition,
  literals,
  OrderItem,
  SelectItem,
} from './query-parts.js';

const Range = Type.Object(
  {
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive. Default: 7 days before `to`.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive. Default: now.' })),
  },
  { additionalProperties: false, examples: [{ from: '2026-06-01T00:00:00Z', to: '2026-06-07T23:59:59.999999Z' }] },
);

const GroupItem = Type.Union([FieldName, BucketItem], {
  examples: ['country', { bucket: 'hour', field: 'timestamp' }],
});

/** A query. Every key is optional; conditions in `where` all hold. */
export const Query = Type.Object(
  {
    range: Type.Optional(Range),
    select: Type.Optional(Type.Array(SelectItem, { minItems: 1, maxItems: LIMITS.queryColumns })),
    where: Type.Optional(Type.Array(Type.Ref('QueryCondition'), { maxItems: LIMITS.queryConditions })),
    groupBy: Type.Optional(Type.Array(GroupItem, { maxItems: LIMITS.queryKeys })),
    having: Type.Optional(Type.Array(Type.Ref('QueryHaving'), { maxItems: LIMITS.queryConditions })),
    orderBy: Type.Optional(Type.Array(OrderItem, { maxItems: LIMITS.queryKeys })),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          `Default ${LIMITS.queryLimitDefault}, with \`fill\` ${LIMITS.queryLimitMax}; more than ${LIMITS.queryLimitMax} counts as ${LIMITS.queryLimitMax}. ` +
          'As CSV or NDJSON: no default and no maximum.',
      }),
    ),
    fill: Type.Optional(
      Type.Boolean({
        description:
          'With one time bucket in `groupBy`: also answer the buckets without records. `having` is asked of them, too.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.queryCursorLength,
        description: 'The `nextCursor` of the page before, sent with the same query.',
      }),
    ),
    explain: Type.Optional(
      Type.Boolean({ description: 'Answer the SQL, its parameters and the estimate instead of running it.' }),
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
  where?: Condition[];
  /** Fields, names that `select` gives to fields or buckets, or buckets. */
  groupBy?: (string | BucketItem)[];
  having?: HavingCondition[];
  orderBy?: OrderItem[];
  limit?: number;
  fill?: boolean;
  cursor?: string;
  explain?: boolean;
}

const COLUMN_KINDS = ['string', 'number', 'boolean', 'timestamp', 'object'] as const;
/** The type of a column of an answer; `object` is `context`. */
export type ColumnType = (typeof COLUMN_KINDS)[number];

/** One column of an answer. */
export interface QueryColumn {
  name: string;
  type: ColumnType;
}

/** The columns of an answer, as a schema. */
export const QueryColumns = Type.Array(
  Type.Object({ name: Type.String(), type: literals(COLUMN_KINDS) }, { additionalProperties: false }),
);
const answeredRange = Type.Object(
  { from: Type.String({ format: 'date-time' }), to: Type.String({ format: 'date-time' }) },
  { additionalProperties: false },
);

export const QueryResult = Type.Object(
  {
    rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    columns: QueryColumns,
    rowCount: Type.Integer({ minimum: 0 }),
    range: answeredRange,
    elapsedMs: Type.Number({ minimum: 0 }),
    truncated: Type.Optional(
      Type.Literal(true, {
        description: 'There only when the limit cut the answer off: there are more rows or groups.',
      }),
    ),
    nextCursor: Type.Optional(
      Type.String({ description: 'There only when a query for raw rows has more of them: send it as `cursor`.' }),
    ),
  },
  { $id: 'QueryResult', additionalProperties: false },
);
export interface QueryResult {
  /** One object per row, keyed by column name; `timestamp` values are RFC 3339 UTC strings. */
  rows: Record<string, unknown>[];
  columns: QueryColumn[];
  rowCount: number;
  /** The range that was asked, defaults filled in. */
  range: { from: string; to: string };
  /** Time in the database, in milliseconds. */
  elapsedMs: number;
  /** There only when the limit cut the answer off: there are more rows or groups. */
  truncated?: true;
  /** There only when a query for raw rows has more of them. */
  nextCursor?: string;
}

/** The answer to `explain: true`. */
export const QueryExplanation = Type.Object(
  {
    sql: Type.String({ description: 'The statement; every value is one of its parameters.' }),
    parameters: Type.Array(Type.Unknown(), { description: 'The values of $1, $2, …, as text or lists of text.' }),
    estimatedRows: Type.Number({ minimum: 0, description: "The planner's estimate of the rows in the answer." }),
    columns: QueryColumns,
    range: answeredRange,
  },
  { $id: 'QueryExplanation', additionalProperties: false },
);
export interface QueryExplanation {
  sql: string;
  parameters: unknown[];
  /** The planner's estimate of the rows in the answer. */
  estimatedRows: number;
  columns: QueryColumn[];
  range: { from: string; to: string };
}
