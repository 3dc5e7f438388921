import { Type } from 'typebox';
import { LIMITS } from './limits.js';
import { type QueryColumn, QueryColumns } from './query.js';
import { ColumnAlias, type Condition, FieldName } from './query-parts.js';

const TailItem = Type.Object(
  { field: FieldName, as: Type.Optional(ColumnAlias) },
  { additionalProperties: false, examples: [{ field: 'country' }] },
);

/** What to show of the records that arrive, and from where on. Every key is optional. */
export const TailRequest = Type.Object(
  {
    select: Type.Optional(
      Type.Array(TailItem, {
        minItems: 1,
        maxItems: LIMITS.queryColumns,
        description: 'Fields, `timestamp` and `context`. Default: all of them.',
      }),
    ),
    where: Type.Optional(
      Type.Array(Type.Ref('QueryCondition'), {
        maxItems: LIMITS.queryConditions,
        description: 'Conditions of which all hold, as in a query.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: `Rows of one answer. Default and maximum: ${LIMITS.queryLimitMax}; more counts as that.`,
      }),
    ),
    wait: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          `Seconds to wait for a record when there is none. Default 0; more than ${LIMITS.tailWaitSeconds} counts ` +
          'as that. Goes with a `cursor`: without one the answer is a place to start from, at once.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.queryCursorLength,
        description: 'The `cursor` of the answer before. Without it: from now on.',
      }),
    ),
  },
  {
    $id: 'TailRequest',
    additionalProperties: false,
    examples: [{ where: [{ field: 'amount', op: '>', value: 100 }], wait: 20 }],
  },
);
export interface TailRequest {
  select?: { field: string; as?: string }[];
  where?: Condition[];
  limit?: number;
  wait?: number;
  cursor?: string;
}

export const TailResult = Type.Object(
  {
    rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    columns: QueryColumns,
    rowCount: Type.Integer({ minimum: 0 }),
    cursor: Type.String({ description: 'Send it with the next request; nothing is shown twice and nothing left out.' }),
    more: Type.Boolean({ description: 'There may be more that has arrived: ask again without waiting.' }),
  },
  { $id: 'TailResult', additionalProperties: false },
);
export interface TailResult {
  /** In the order in which their transactions were seen to commit; within one, in the order of the table. */
  rows: Record<string, unknown>[];
  columns: QueryColumn[];
  rowCount: number;
  cursor: string;
  more: boolean;
}
