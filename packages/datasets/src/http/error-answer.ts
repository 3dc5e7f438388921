import { type ErrorDetail, LoguroError, type ServerErrorCode } from '../errors.js';
import type { FetchAnswer } from './fetch-like.js';

/** The published shape of every non-2xx answer. */
interface ErrorBody {
  error: string;
  code: ServerErrorCode;
  requestId?: string;
  details?: ErrorDetail[];
}

/** Turns a non-2xx answer into the error it stands for. */
export async function toLoguroError(answer: FetchAnswer, what: string): Promise<LoguroError> {
  const { status } = answer;
  const requestId = answer.headers.get('x-request-id') ?? undefined;
  const retryAfterMs = parseRetryAfter(answer.headers.get('retry-after'));
  const body = parseJson(await answer.text()) as Partial<ErrorBody> | null | undefined;
  if (typeof body?.error !== 'string' || body.code === undefined) {
    const message = `${what} was answered ${status}, but not by this API: is the base URL right?`;
    return new LoguroError('invalid_response', message, { status, requestId, retryAfterMs });
  }
  return new LoguroError(body.code, body.error, { status, requestId, retryAfterMs, details: body.details });
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` in milliseconds: whole seconds or an HTTP date (RFC 9110 §10.2.3). */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  return /^\d+$/.test(header) ? Number(header) * 1000 : Math.max(0, Date.parse(header) - Date.now()) || 0;
}
