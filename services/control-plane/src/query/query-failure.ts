import { ApiError } from '@loguro/types';
import type { Pool } from 'pg';
import { sqlState } from '../database/sql-state.js';
import { isDatabaseAway } from '../http/client-errors.js';
import { askOf, UnresponsiveError, withConnection } from './connection.js';

const UNDEFINED_TABLE = '42P01';

/** What a failed statement means, by its SQLSTATE (PostgreSQL manual, appendix A). */
const BY_STATE: Record<string, (cause: unknown) => ApiError> = {
  // numeric_value_out_of_range
  '22003': (cause) =>
    new ApiError('invalid_query', 'A sum or average is beyond the range of a double (about 1.8e308).', { cause }),
  // invalid_parameter_value: the one parameter the database checks beyond its type is the name of a time zone
  '22023': (cause) =>
    new ApiError('invalid_query', 'The database does not know a time zone that the query names.', { cause }),
  // invalid_text_representation: all other values were checked before
  '22P02': (cause) =>
    new ApiError('invalid_query', 'The cursor is not one of ours.', {
      cause,
      details: [{ path: 'cursor', message: 'is not a "nextCursor" of ours' }],
    }),
  // configuration_limit_exceeded: temp_file_limit of the role
  '53400': (cause) =>
    new ApiError(
      'result_too_large',
      'The query needs more temporary disk than it may have; ask a shorter range, fewer groups, or fewer distinct values.',
      { cause },
    ),
  [UNDEFINED_TABLE]: (cause) => new ApiError('dataset_not_found', 'Dataset not found', { cause }),
};
const QUERY_CANCELED = '57014';

/**
 * Whether somebody cancelled the statement, rather than its time limit. The code is the same for both, and the message
 * in the language of the server: where that is another one, every cancellation passes for the time limit.
 */
function wasAskedFor(thrown: unknown): boolean {
  return thrown instanceof Error && /due to user request/.test(thrown.message);
}

/** What went wrong, for whoever asked; the driver's own words go into `cause` alone. */
export function queryFailure(thrown: unknown, statementTimeoutMs: number): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const state = sqlState(thrown) ?? '';
  const known = BY_STATE[state];
  if (known !== undefined) return known(thrown);
  if (state === QUERY_CANCELED && wasAskedFor(thrown)) {
    return new ApiError('unavailable', 'The query was ended because its dataset is being deleted, or by hand.', {
      cause: thrown,
    });
  }
  if (state === QUERY_CANCELED) return queryTimeout(statementTimeoutMs, thrown);
  if (thrown instanceof UnresponsiveError || isDatabaseAway(thrown)) {
    return new ApiError('unavailable', 'The database can not answer right now; try again in a moment.', {
      cause: thrown,
    });
  }
  return new ApiError('internal', 'Something went wrong on our side. Quote the request id when you report it.', {
    cause: thrown,
  });
}

/**
 * What went wrong when queries run on a replica that is behind: the dataset was registered a moment ago, and its table
 * is not there yet. Undefined for everything else.
 */
export async function replicaFailure(
  thrown: unknown,
  pool: Pool,
  statementTimeoutMs: number,
): Promise<ApiError | undefined> {
  if (sqlState(thrown) !== UNDEFINED_TABLE) return undefined;
  const asked = withConnection(pool, (client) =>
    askOf(client, statementTimeoutMs)<{ replica: boolean }>('SELECT pg_is_in_recovery() AS replica'),
  );
  const { rows } = await asked.catch(() => ({ rows: [{ replica: false }] }));
  if (rows[0]?.replica !== true) return undefined;
  return new ApiError('unavailable', 'The dataset can not be queried yet; try again in a moment.', { cause: thrown });
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
