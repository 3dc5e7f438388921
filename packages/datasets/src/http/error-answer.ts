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
  const body = parseBody(await answer.text());
  if (body === undefined) {
    const message = `${what} was answered ${status}, not in the way of this API: is the base URL right, or a proxy in between?`;
    return new LoguroError('invalid_response', message, { status, requestId, retryAfterMs });
  }
  return new LoguroError(body.code, body.error, { status, requestId, retryAfterMs, details: body.details });
}

function parseBody(text: string): ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return typeof body?.error === 'string' && typeof body.code === 'string' ? (body as ErrorBody) : undefined;
  } catch {
    return undefined;
  }
}

/** `Retry-After` in milliseconds: whole seconds or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
