export {
  AccountClient,
  type AccountClientOptions,
  type Keys,
  type Members,
  type Projects,
  type Tokens,
  type WithSecret,
} from './account/account-client.js';
export type * from './account/account-types.js';
export type { CreateDataset, Dataset, Schema, UpdateDataset } from './api-types.js';
export {
  type ClientErrorCode,
  type ErrorCode,
  type ErrorDetail,
  isLoguroError,
  LoguroError,
  type LoguroErrorOptions,
  type ServerErrorCode,
} from './errors.js';
export {
  type DatasetDefinition,
  defineDataset,
  type FieldBaseType,
  type Fields,
  type FieldType,
  type InputRecord,
  type RecordOf,
} from './fields.js';
export type { ConnectionOptions } from './http/connection.js';
export type { CallOptions } from './http/control-api.js';
export type { FetchAnswer, FetchInit, FetchLike } from './http/fetch-like.js';
export type { BufferOptions, IngestStats, Loss } from './ingest/buffer.js';
export type { Accepted, Receipt, SendOptions } from './ingest/ingest-api.js';
export { DatasetIngestClient, type IngestClientOptions, type SendBatchOptions } from './ingest/ingest-client.js';
export {
  avg,
  type BucketOptions,
  bucket,
  count,
  countDistinct,
  type Expression,
  field,
  max,
  min,
  p50,
  p90,
  p95,
  p99,
  sum,
} from './query/expressions.js';
export type { QueryBuilder } from './query/query-builder.js';
export {
  type DatasetId,
  DatasetQueryClient,
  type Datasets,
  type QueryClientOptions,
  type Schemas,
} from './query/query-client.js';
export type { RunOptions } from './query/run.js';
export type { TailOptions } from './query/tail.js';
export type {
  Aggregate,
  Bucket,
  BucketItem,
  ColumnType,
  Condition,
  HavingCondition,
  Operator,
  OrderItem,
  Query,
  QueryColumn,
  QueryExplanation,
  QueryResult,
  Scalar,
  SelectItem,
  TailRequest,
  TailResult,
} from './query/wire.js';
export { validateRecord } from './records/validate-record.js';
