import { type TSchema, Type } from 'typebox';
import * as account from './account.js';
import * as dataset from './dataset.js';
import { ERROR_CODES, MAX_ERROR_DETAILS } from './errors.js';
import { BatchBody, DryRunAnswer, QueuedAnswer, Receipt, RecordBody } from './ingest.js';
import { Query, QueryExplanation, QueryResult } from './query.js';
import { Condition, HavingCondition } from './query-parts.js';
import { TailRequest, TailResult } from './tail.js';

const ErrorDetail = Type.Object(
  { index: Type.Optional(Type.Integer({ minimum: 0 })), path: Type.String(), message: Type.String() },
  { $id: 'ErrorDetail', additionalProperties: false },
);

const ErrorAnswer = Type.Object(
  {
    error: Type.String({ description: 'A sentence for a person.' }),
    code: Type.Union(ERROR_CODES.map((code) => Type.Literal(code))),
    requestId: Type.String(),
    details: Type.Optional(Type.Array(Type.Ref('ErrorDetail'), { maxItems: MAX_ERROR_DETAILS })),
  },
  { $id: 'Error', additionalProperties: false },
);

/** Every schema that others may refer to by its `$id`. */
export const COMPONENTS: readonly TSchema[] = [
  ErrorDetail,
  ErrorAnswer,
  dataset.Schema,
  dataset.Dataset,
  dataset.CreateDatasetBody,
  dataset.UpdateDatasetBody,
  dataset.RegisterSchemaBody,
  Condition,
  HavingCondition,
  Query,
  QueryResult,
  QueryExplanation,
  TailRequest,
  TailResult,
  account.Account,
  account.Token,
  account.CreateTokenBody,
  account.RotateBody,
  account.Project,
  account.CreateProjectBody,
  account.UpdateProjectBody,
  account.Member,
  account.AddMemberBody,
  account.UpdateMemberBody,
  account.ProjectKey,
  account.CreateKeyBody,
  account.UpdateKeyBody,
  account.AuditEvent,
  RecordBody,
  BatchBody,
  QueuedAnswer,
  DryRunAnswer,
  Receipt,
];
