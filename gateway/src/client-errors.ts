import type { Duplex } from 'node:stream';
import { ApiError, requestIdFrom } from '@loguro/types';
import { rawError } from './answers.js';
import { knownConnection } from './client-connection.js';
import { codeOf } from './failures.js';
import type { GatewayMetrics } from './metrics.js';

/** How long a refused connection is kept, so that the client can read why. */
const LINGER_MS = 2_000;

const refused = new WeakSet<Duplex>();

/**
 * Answers what Node's parser could not read as a request, or what came too slowly. The answer must never be taken
 * for that of a request sent before on the same connection.
 */
export function handleClientError(error: Error, socket: Duplex, metrics: GatewayMetrics): void {
  if (refused.has(socket)) return;
  const code = codeOf(error);
  metrics.malformed(code);
  // A failed TLS handshake comes here too: there is no way to answer it.
  if (code === 'ECONNRESET' || !socket.writable || (!code.startsWith('HPE_') && code !== 'ERR_HTTP_REQUEST_TIMEOUT')) {
    socket.destroy();
    return;
  }
  refused.add(socket);
  const connection = knownConnection(socket);
  const current = connection?.current ?? null;
  if (current === null) {
    socket.end(rawError(refusalFor(error), requestIdFrom(undefined)));
  } else if (current.requestComplete) {
    connection?.closeWhenDone();
    return;
  } else {
    current.refuse(refusalFor(error));
  }
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function refusalFor(error: Error): ApiError {
  const options = { headers: { Connection: 'close' }, cause: error };
  switch (codeOf(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('headers_too_large', 'The request line and headers are larger than accepted.', options);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('request_timeout', 'The request did not arrive in time.', options);
    default:
      return new ApiError('invalid_request', 'The request is not well-formed HTTP/1.1.', options);
  }
}
