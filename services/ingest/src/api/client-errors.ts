import type { Duplex } from 'node:stream';
import { ApiError, requestIdFrom } from '@loguro/types';
import type { Connection } from './connections.js';
import { SECURITY_HEADERS } from './security-headers.js';

/** How long a refused connection is kept, so that the client can read why, in milliseconds. */
const LINGER_MS = 1000;

/**
 * Answers what Node's parser could not read, or what came too slowly, and closes the connection. The answer
 * is never put where the client would take it for that of an earlier request.
 */
export function answerClientError(error: Error, socket: Duplex, connection: Connection | undefined): void {
  if (codeOf(error) === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const latest = connection?.latest;
  if (latest?.req.complete) {
    // The fault is in what follows a good request: that one still gets its answer, and nothing comes after it.
    if (connection) connection.spoilt = true;
    latest.res.shouldKeepAlive = false;
    return;
  }
  if (latest) {
    // The fault is in the body of this request.
    latest.res.shouldKeepAlive = false;
    latest.abandon(refusal(error));
  } else socket.end(rawAnswer(refusal(error)));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function refusal(error: Error): ApiError {
  switch (codeOf(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('headers_too_large', 'The request line and headers are larger than accepted.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('request_timeout', 'The request did not arrive in time.');
    default:
      return new ApiError('invalid_request', 'The request is not well-formed HTTP/1.1.');
  }
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function rawAnswer(error: ApiError): string {
  const requestId = requestIdFrom(undefined);
  const body = JSON.stringify(error.toBody(requestId));
  const headers = [
    'Content-Type',
    'application/json; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
  ];
  headers.push('X-Request-Id', requestId, 'Connection', 'close', ...SECURITY_HEADERS);
  const lines = [`HTTP/1.1 ${error.status} ${REASONS[error.status]}`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
