import { ApiError } from '@loguro/types';
import { sqlState } from '../database/sql-state.js';

const QUERY_CANCELED = '57014';
const NUMERIC_VALUE_OUT_OF_RANGE = '22003';
const INVALID_PARAMETER_VALUE = '22023';
const UNDEFINED_TABLE = '42P01';
/** Classes of SQLSTATE that say "not now": connection, resources, operator intervention, system. */
const AWAY = /^(08|53|57|58)/;

/** What a failed statement means for whoever asked; the driver's own words go into `cause` alone. */
export function queryFailure(thrown: unknown, statementTimeoutMs: number): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const state = sqlState(thrown);
  const cause = { cause: thrown };
  switch (state) {
    case QUERY_CANCELED:
      return queryTimeout(statementTimeoutMs, thrown);
    case NUMERIC_VALUE_OUT_OF_RANGE:
      return new ApiError('invalid_query', 'A sum or average is beyond the range of a double (about 1.8e308).', cause);
    case INVALID_PARAMETER_VALUE:
      return new ApiError('invalid_query', 'The database does not know a time zone that the query names.', cause);
    case UNDEFINED_TABLE:
      return new ApiError('dataset_not_found', 'Dataset not found', cause);
    case null:
      return isConnectionFailure(thrown) ? unavailable(thrown) : unexpected(thrown);
    default:
      return AWAY.test(state) ? unavailable(thrown) : unexpected(thrown);
  }
}

/** `504`, with what can be done about it. */
export function queryTimeout(statementTimeoutMs: number, cause?: unknown): ApiError {
  const seconds = statementTimeoutMs / 1000;
  return new ApiError(
    'query_timeout',
    `The query took longer than the ${seconds} s it may; ask a shorter range or fewer groups.`,
    { cause },
  );
}

function unavailable(cause: unknown): ApiError {
  return new ApiError('unavailable', 'The database can not answer right now; try again in a moment.', { cause });
}

function unexpected(cause: unknown): ApiError {
  return new ApiError('internal', 'Something went wrong on our side. Quote the request id when you report it.', {
    cause,
  });
}

/** Sockets fail with a system error; the driver and its pool say the rest in plain errors without a code. */
function isConnectionFailure(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if ('syscall' in thrown || thrown instanceof AggregateError) return true;
  return /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable/i.test(
    thrown.message,
  );
}
