// Checked by the compiler, never run. The published declarations can't refer to the contract's package, which is not
// published; this file fails to compile when one of them says something else than the contract.
import type * as contract from '@loguro/types';
import type { Simplify } from './fields.js';
import type * as sdk from './index.js';
import { sameType } from './testing/types.js';

sameType<sdk.ServerErrorCode, contract.ErrorCode>(true);
sameType<sdk.ErrorDetail, contract.ErrorDetail>(true);

sameType<sdk.FieldBaseType, contract.FieldBaseType>(true);
sameType<sdk.FieldType, contract.FieldType>(true);
sameType<sdk.Fields, contract.Fields>(true);
sameType<sdk.Schema, contract.Schema>(true);
sameType<sdk.Dataset, contract.Dataset>(true);
sameType<sdk.CreateDataset, contract.CreateDatasetBody>(true);
sameType<sdk.UpdateDataset, contract.UpdateDatasetBody>(true);

sameType<sdk.Aggregate, contract.Aggregate>(true);
sameType<sdk.Operator, contract.Operator>(true);
sameType<sdk.Bucket, contract.Bucket>(true);
sameType<sdk.Scalar, contract.Scalar>(true);
sameType<sdk.SelectItem, contract.SelectItem>(true);
sameType<sdk.BucketItem, contract.BucketItem>(true);
sameType<sdk.Condition, contract.Condition>(true);
sameType<sdk.HavingCondition, contract.HavingCondition>(true);
sameType<sdk.OrderItem, contract.OrderItem>(true);
sameType<sdk.Query, contract.Query>(true);
sameType<sdk.ColumnType, contract.ColumnType>(true);
sameType<sdk.QueryColumn, contract.QueryColumn>(true);
sameType<sdk.QueryResult, contract.QueryResult>(true);
sameType<sdk.TailRequest, contract.TailRequest>(true);
sameType<sdk.TailResult, contract.TailResult>(true);
sameType<sdk.QueryExplanation, contract.QueryExplanation>(true);

sameType<sdk.Receipt, contract.Receipt>(true);
sameType<sdk.Accepted['status'], contract.QueuedAnswer['status']>(true);
sameType<sdk.Accepted['receipt'], contract.QueuedAnswer['receipt']>(true);

sameType<sdk.Role, contract.Role>(true);
sameType<sdk.Account, contract.Account>(true);
sameType<sdk.Token, contract.Token>(true);
sameType<sdk.CreateToken, contract.CreateTokenBody>(true);
sameType<sdk.Project, Simplify<contract.Project>>(true);
sameType<sdk.Member, Simplify<contract.Member>>(true);
sameType<sdk.ProjectKey, contract.ProjectKey>(true);
sameType<sdk.CreateKey, contract.CreateKeyBody>(true);
sameType<sdk.UpdateKey, contract.UpdateKeyBody>(true);
sameType<sdk.AuditEvent, contract.AuditEvent>(true);
