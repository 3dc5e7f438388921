/**
 * The catalogue of every error a client can see. A code is part of the public contract: once
 * published it keeps its status and its meaning. `docs/errors/<code>.md` explains each one, and a
 * test fails when a code has no page or a page has no code.
 */
export const ERRORS = {
  missing_credential: { status: 401, summary: 'The request carries no bearer credential.' },
  invalid_credential: { status: 401, summary: 'The credential is malformed, forged or unknown.' },
  expired_credential: { status: 401, summary: 'The credential was good until it expired.' },
  revoked_credential: { status: 401, summary: 'The credential was revoked.' },
  wrong_credential: { status: 401, summary: 'A good credential of the wrong kind for this surface.' },
  forbidden: { status: 403, summary: 'The account is a member of the project, but its role does not allow this.' },
  origin_not_allowed: { status: 403, summary: 'A browser key was used from an origin that is not on its list.' },
  project_not_found: { status: 404, summary: 'The project does not exist, or the account has no access to it.' },
  dataset_not_found: { status: 404, summary: 'The dataset is unknown, deleted, or belongs to another project.' },
  schema_not_found: { status: 404, summary: 'The dataset has no registered schema yet.' },
  key_not_found: { status: 404, summary: 'The project has no key with this id.' },
  token_not_found: { status: 404, summary: 'The account has no personal access token with this id.' },
  member_not_found: { status: 404, summary: 'The account is not a member of the project.' },
  account_not_found: { status: 404, summary: 'No account has this e-mail address.' },
  receipt_not_found: { status: 404, summary: 'The dataset has no receipt with this id, or it has expired.' },
  route_not_found: { status: 404, summary: 'No such path on this host.' },
  wrong_api_surface: { status: 404, summary: 'The right kind of path on the wrong host.' },
  method_not_allowed: { status: 405, summary: 'The path exists, the method does not.' },
  request_timeout: { status: 408, summary: 'The request did not arrive in time.' },
  malformed_json: { status: 400, summary: 'The body is not valid UTF-8 JSON.' },
  malformed_encoding: { status: 400, summary: 'The compressed body is corrupt or cut short.' },
  invalid_request: { status: 400, summary: 'A parameter, header or body field breaks the published schema.' },
  invalid_query: { status: 400, summary: 'The query is well-formed JSON but asks something impossible.' },
  result_too_large: { status: 400, summary: 'The rows of the answer hold more bytes than one answer may.' },
  invalid_schema: { status: 400, summary: 'The dataset schema breaks a rule for fields.' },
  invalid_record: { status: 400, summary: 'A record does not fit the schema of its dataset.' },
  dataset_id_conflict: { status: 400, summary: 'The path and X-Loguro-Dataset-Id name different datasets.' },
  schema_conflict: { status: 409, summary: 'A different schema is already registered; schemas are immutable.' },
  already_member: { status: 409, summary: 'The account is a member of the project already.' },
  last_owner: { status: 409, summary: 'The change would leave the project without an owner.' },
  credential_inactive: { status: 409, summary: 'A revoked or expired credential cannot be rotated.' },
  cursor_expired: { status: 410, summary: 'The records that arrived since this cursor can no longer be told apart.' },
  payload_too_large: { status: 413, summary: 'The body, a record or a batch is over its limit.' },
  unsupported_media_type: { status: 415, summary: 'The Content-Type is not one this endpoint reads.' },
  unsupported_encoding: { status: 415, summary: 'The Content-Encoding is not gzip, deflate, br or identity.' },
  unknown_host: { status: 421, summary: 'The gateway serves no such host name.' },
  idempotency_key_reused: { status: 422, summary: 'The Idempotency-Key was used before with a different body.' },
  rate_limited: { status: 429, summary: 'Too many requests from this caller.' },
  too_many_queries: { status: 429, summary: 'The project runs as many queries at once as it may.' },
  headers_too_large: { status: 431, summary: 'The request line and headers are over their limit.' },
  internal: { status: 500, summary: 'An unexpected fault; the request id finds it in the logs.' },
  bad_gateway: { status: 502, summary: 'The service broke off before it answered; the request may have taken effect.' },
  overloaded: { status: 503, summary: 'More is under way than the service may hold; nothing was accepted.' },
  unavailable: { status: 503, summary: 'A dependency is away; the sentence says what became of the request.' },
  gateway_timeout: { status: 504, summary: 'The service did not answer in time; the request may have taken effect.' },
  query_timeout: { status: 504, summary: 'The query ran into the statement timeout.' },
} as const satisfies Record<string, { status: number; summary: string }>;

/** A stable, machine-readable name for one kind of failure. */
export type ErrorCode = keyof typeof ERRORS;

/** Every code, for tests and documentation. */
export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

/** One place in the request that is wrong. */
export interface ErrorDetail {
  /** Position of the record in its batch (0-based); absent outside batches. */
  index?: number;
  /** Where in the document, e.g. `where[1].op` or `context.user.name`; empty string for the whole. */
  path: string;
  /** A sentence without the path. */
  message: string;
}

/** The body of every non-2xx answer. */
export interface ErrorBody {
  /** A sentence for a person. */
  error: string;
  code: ErrorCode;
  /** The value of the `X-Request-Id` response header. */
  requestId: string;
  /** At most {@link MAX_ERROR_DETAILS}. */
  details?: ErrorDetail[];
}

/** `details` never grows past this, however many places are wrong. */
export const MAX_ERROR_DETAILS = 100;

/** Options of {@link ApiError}. */
export interface ApiErrorOptions {
  details?: ErrorDetail[];
  /** Extra response headers, e.g. `Retry-After` (seconds) or `Allow`. */
  headers?: Record<string, string>;
  /** What really happened; logged, never sent. */
  cause?: unknown;
}

/** A failure that is meant for the client. Anything else that is thrown becomes `500 internal`. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetail[] | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = ERRORS[code].status;
    this.details = options.details?.slice(0, MAX_ERROR_DETAILS);
    this.headers = { ...defaultHeaders(this.status), ...options.headers };
  }

  /** The JSON to send. */
  toBody(requestId: string): ErrorBody {
    const body: ErrorBody = { error: this.message, code: this.code, requestId };
    if (this.details !== undefined) body.details = this.details;
    return body;
  }
}

/** Headers that a status always carries (RFC 9110 §11.6.1 for 401, §10.2.3 for 503 and 429). */
function defaultHeaders(status: number): Record<string, string> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer' };
  if (status === 503 || status === 429) return { 'Retry-After': '1' };
  return {};
}

/** Whatever was thrown, as something that may be sent: an {@link ApiError}, or a constant 500. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError('internal', 'Something went wrong on our side. Quote the request id when you report it.', {
    cause: thrown,
  });
}
