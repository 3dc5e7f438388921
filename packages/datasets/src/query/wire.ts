// The query language as the HTTP contract has it. Compile-time tests compare these types with the contract's own.

/** What can be computed over the records of a group. Percentiles interpolate. */
export type Aggregate = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'count_distinct' | 'p50' | 'p90' | 'p95' | 'p99';

/** How a field can be compared. */
export type Operator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'in'
  | 'not_in'
  | 'contains'
  | 'starts_with'
  | 'is_null'
  | 'is_not_null';

/** The spans a timestamp can be cut into. A week starts on Monday. */
export type Bucket = 'minute' | 'hour' | 'day' | 'week' | 'month';

export type Scalar = string | number | boolean | null;

export interface SelectItem {
  field?: string;
  aggregate?: Aggregate;
  bucket?: Bucket;
  /** IANA name; with `bucket` only. Default UTC. */
  timezone?: string;
  /** Default: the field's name, `<aggregate>_<field>`, `count`, or the name of the bucket. */
  as?: string;
}

/** A time bucket as a group key; a column of the answer whether or not it is selected. */
export interface BucketItem {
  bucket: Bucket;
  field: string;
  timezone?: string;
  as?: string;
}

/** Either `field`, `op` and `value`, or exactly one of `and`, `or` and `not`. */
export interface Condition {
  field?: string;
  op?: Operator;
  /** A list for `in` and `not_in`; absent for `is_null` and `is_not_null`. */
  value?: Scalar | Scalar[];
  and?: Condition[];
  or?: Condition[];
  not?: Condition;
}

/** A condition on a group: `field` is a column of the answer or a group key, or `aggregate` says what to compute. */
export interface HavingCondition {
  field?: string;
  aggregate?: Aggregate;
  op?: Operator;
  value?: Scalar | Scalar[];
  and?: HavingCondition[];
  or?: HavingCondition[];
  not?: HavingCondition;
}

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

/** A query as it travels; every key is optional. {@link QueryBuilder.toJSON} makes one. */
export interface Query {
  range?: { from?: string; to?: string };
  select?: SelectItem[];
  where?: Condition[];
  groupBy?: (string | BucketItem)[];
  having?: HavingCondition[];
  orderBy?: OrderItem[];
  limit?: number;
  fill?: boolean;
  cursor?: string;
  explain?: boolean;
}

export type ColumnType = 'string' | 'number' | 'boolean' | 'timestamp' | 'object';

/** One column of an answer. */
export interface QueryColumn {
  name: string;
  type: ColumnType;
}

/** The answer to a query. */
export interface QueryResult<Row = Record<string, unknown>> {
  rows: Row[];
  columns: QueryColumn[];
  rowCount: number;
  /** The range that was asked, defaults filled in; RFC 3339, UTC. */
  range: { from: string; to: string };
  /** Time in the database, in milliseconds. */
  elapsedMs: number;
  /** There only when the limit, asked or default, cut the answer off: there are more rows or groups. */
  truncated?: true;
  /** There only when a query for raw rows has more of them. */
  nextCursor?: string;
}

/** The answer to `explain`. */
export interface QueryExplanation {
  sql: string;
  parameters: unknown[];
  /** The planner's estimate of the rows in the answer. */
  estimatedRows: number;
  columns: QueryColumn[];
  range: { from: string; to: string };
}

/** What a tail shows, and from where on; every key is optional. */
export interface TailRequest {
  /** Default: every field, `timestamp` and `context`. */
  select?: { field: string; as?: string }[];
  where?: Condition[];
  /** Rows of one answer: 1000 at the most, and by default. */
  limit?: number;
  /** Seconds to wait for a record when there is none, 25 at the most. Default 0. Goes with `cursor`. */
  wait?: number;
  /** The `cursor` of the answer before. Without it, the answer is where to start from now. */
  cursor?: string;
}

/** Records that arrived. */
export interface TailResult<Row = Record<string, unknown>> {
  rows: Row[];
  columns: QueryColumn[];
  rowCount: number;
  /** Where to go on. */
  cursor: string;
  /** There may be more that has arrived: ask again without waiting. */
  more: boolean;
}
