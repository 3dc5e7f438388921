import { ApiError } from '@loguro/types';

/** Error codes of a connection that never came to be: nothing of the request can have arrived. */
const CONNECT_FAILURES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The `code` that Node and undici put on their errors. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  // Happy-eyeballs attempts fail together, each with its own code.
  const errors = (error as { errors?: unknown } | null)?.errors;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : 'UNKNOWN';
}

/** Whether the upstream could not be reached at all. */
export function isConnectFailure(error: unknown): boolean {
  return CONNECT_FAILURES.has(codeOf(error));
}

/** Whether a connection that had been made was closed by the other side. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** Methods that change nothing (RFC 9110 §9.2.1), so that doing them twice is no harm. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/**
 * What to tell the client when an upstream gave no answer.
 *
 * @param sent whether bytes of the request may have reached the service. It decides whether the client
 *   can be told that nothing happened.
 */
export function answerFor(error: unknown, sent: boolean): ApiError {
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return new ApiError('invalid_request', 'The request can not be forwarded: a header or its target is malformed.');
  }
  if (!sent) return unavailable(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new ApiError(
      'gateway_timeout',
      'The service did not answer in time; the request may or may not have taken effect.',
      { cause: error },
    );
  }
  return new ApiError(
    'bad_gateway',
    'The service broke off before it answered; the request may or may not have taken effect.',
    { cause: error },
  );
}

/** No upstream can be reached. */
export function unavailable(cause?: unknown): ApiError {
  return new ApiError('unavailable', 'The service can not be reached at the moment; nothing was accepted. Try again.', {
    cause,
  });
}

/** Every upstream that can be reached has a full queue. */
export function overloaded(): ApiError {
  return new ApiError('overloaded', 'The service has more requests than it can take; nothing was accepted. Try again.');
}
