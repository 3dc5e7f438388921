/** What the server can answer, as published in the HTTP contract. */
export type ServerErrorCode =
  | 'missing_credential'
  | 'invalid_credential'
  | 'expired_credential'
  | 'revoked_credential'
  | 'wrong_credential'
  | 'forbidden'
  | 'origin_not_allowed'
  | 'project_not_found'
  | 'dataset_not_found'
  | 'schema_not_found'
  | 'key_not_found'
  | 'token_not_found'
  | 'member_not_found'
  | 'account_not_found'
  | 'receipt_not_found'
  | 'route_not_found'
  | 'wrong_api_surface'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'malformed_json'
  | 'malformed_encoding'
  | 'invalid_request'
  | 'invalid_query'
  | 'result_too_large'
  | 'invalid_schema'
  | 'invalid_record'
  | 'dataset_id_conflict'
  | 'schema_conflict'
  | 'already_member'
  | 'last_owner'
  | 'credential_inactive'
  | 'cursor_expired'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'unsupported_encoding'
  | 'unknown_host'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'too_many_queries'
  | 'internal'
  | 'overloaded'
  | 'unavailable'
  | 'query_timeout'
  | 'headers_too_large'
  | 'bad_gateway'
  | 'gateway_timeout';

/** What can go wrong before or after the server's part. */
export type ClientErrorCode =
  /** No answer: the connection was refused, reset, or cut in the middle of the body. */
  | 'network_error'
  /** No answer within `timeoutMs`, or a receipt that was not stored in time. */
  | 'timeout'
  /** The caller's `AbortSignal` fired. */
  | 'aborted'
  /** An answer that is not this API's: often a proxy's error page, or a wrong `baseUrl`. */
  | 'invalid_response'
  /** The buffer of `write` was full and its promises were not awaited. */
  | 'buffer_full'
  /** `write` after `close`. */
  | 'client_closed'
  /** `flush` and `close`: some of the records written before were not accepted; `onLoss` had the details. */
  | 'records_lost'
  /** The records of a receipt ended in the dead letters. */
  | 'records_dead';

export type ErrorCode = ServerErrorCode | ClientErrorCode;

/** One place in a request that is wrong. */
export interface ErrorDetail {
  /** Position of the record in its batch (0-based); absent outside batches. */
  index?: number;
  /** Where in the document, such as `where[1].op` or `context.user.name`; empty for the whole. */
  path: string;
  message: string;
}

/** Options of {@link LoguroError}. */
export interface LoguroErrorOptions {
  status?: number | undefined;
  requestId?: string | undefined;
  details?: readonly ErrorDetail[] | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

const SHOWN_DETAILS = 3;
/** Timed out, too many, and everything that went wrong on the other side. */
const mayPass = (status: number) => status >= 500 || status === 429 || status === 408;

/**
 * Everything this package throws. Branch on {@link LoguroError.code}, which never changes its meaning, rather than
 * on the message, which is for people.
 */
export class LoguroError<Code extends ErrorCode = ErrorCode> extends Error {
  declare readonly code: Code;
  /** HTTP status; undefined when no answer was involved. */
  declare readonly status: number | undefined;
  /** Finds the request in the server's logs. */
  declare readonly requestId: string | undefined;
  /** The places at fault, at most 100. */
  declare readonly details: readonly ErrorDetail[];
  /** How long the server asked to wait, in milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, options: LoguroErrorOptions = {}) {
    const { status, requestId, retryAfterMs, details = [] } = options;
    super(withDetails(message, details), 'cause' in options ? options : undefined);
    Object.assign(this, { name: 'LoguroError', code, status, requestId, retryAfterMs, details });
  }

  /** Whether the same request may well succeed later. */
  get retryable(): boolean {
    const { code, status } = this as LoguroError;
    if (status !== undefined) return mayPass(status) && code !== 'query_timeout';
    return code === 'network_error' || code === 'timeout';
  }
}

/**
 * Whether something caught is a {@link LoguroError}, and has one of the codes when any are given. Also true for an
 * error from another copy of this package, for which `instanceof` is false.
 *
 * @example
 * if (isLoguroError(error, 'schema_conflict')) console.error(error.details);
 */
export function isLoguroError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is LoguroError<Code> {
  if (!(error instanceof Error) || error.name !== 'LoguroError') return false;
  return codes.length === 0 || codes.includes((error as LoguroError<Code>).code);
}

/** Whatever was thrown, as an error of this package. */
export function asLoguroError(cause: unknown, code: ErrorCode): LoguroError {
  return cause instanceof LoguroError ? cause : new LoguroError(code, String(cause), { cause });
}

/** The message with the first details that it does not tell itself. */
function withDetails(message: string, details: readonly ErrorDetail[]): string {
  const untold = details.filter((detail) => !message.includes(detail.message));
  if (untold.length === 0) return message;
  const shown = untold
    .slice(0, SHOWN_DETAILS)
    .map(({ index, path, message: what }) =>
      [index === undefined ? '' : `record ${index}:`, path, what].filter(Boolean).join(' '),
    );
  if (untold.length > SHOWN_DETAILS) shown.push(`and ${untold.length - SHOWN_DETAILS} more`);
  return `${message} (${shown.join('; ')})`;
}
