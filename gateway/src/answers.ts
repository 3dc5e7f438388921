import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { ApiError } from '@loguro/types';

/**
 * Sends an error of the gateway's own with the contract's body.
 *
 * @param headers further ones, besides those of the error
 */
export function sendError(
  res: ServerResponse,
  error: ApiError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify(error.toBody(requestId));
  res.writeHead(error.status, errorHeaders({ ...error.headers, ...headers }, requestId, body));
  res.end(body);
}

function errorHeaders(extra: Readonly<Record<string, string>>, requestId: string, body: string): string[] {
  const headers = [
    'Content-Type',
    'application/json; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    'X-Request-Id',
    requestId,
  ];
  for (const name of Object.keys(extra)) headers.push(name, extra[name] as string);
  return headers;
}

/** The same as bytes, for a connection on which no request could be read; the connection ends with it. */
export function rawError(error: ApiError, requestId: string): string {
  const body = JSON.stringify(error.toBody(requestId));
  const headers = errorHeaders({ ...error.headers, Connection: 'close' }, requestId, body);
  let head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}Date: ${new Date().toUTCString()}\r\n\r\n${body}`;
}
