import { createServer, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError, requestIdFrom } from '@loguro/types';
import { drainServer } from '@loguro/types/operations';

/** Options of {@link listen}. */
export interface ListenOptions {
  host: string;
  /** 0 lets the system choose; read it back from the result. */
  port: number;
  /** A request must have arrived whole after this, in milliseconds. */
  requestTimeoutMs: number;
  /** While stopping: how long connections may go on before those that rest are closed, in milliseconds. */
  drainMs: number;
}

/** A listening HTTP server. */
export interface Listening {
  port: number;
  /**
   * Answers every request from here on with `Connection: close`, new connections included, until none is left or
   * the drain is over; then lets requests in flight end, and resolves.
   */
  stop(): Promise<void>;
}

/** Longer than the gateway keeps idle connections, so that it is never us who close one that it just picked. */
const KEEP_ALIVE_MS = 75_000;

/** Starts an HTTP server whose own errors, before any handler runs, have the contract's form too. */
export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listening> {
  const server = createServer(
    {
      requestTimeout: options.requestTimeoutMs,
      headersTimeout: options.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(5000, options.requestTimeoutMs),
    },
    handler,
  );
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const connections = {
    sockets,
    get size() {
      return sockets.size;
    },
  };
  const open = new Set<ServerResponse>();
  let draining = false;
  server.prependListener('request', (_req, res) => {
    if (draining) closeAfter(res);
    open.add(res);
    res.once('close', () => open.delete(res));
  });
  server.on('clientError', refuseBrokenRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      draining = true;
      // A request in flight is the last one on its connection, too.
      for (const res of open) closeAfter(res);
      return drainServer(server, connections, { graceMs: options.drainMs });
    },
  };
}

function closeAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

/** Node found that what came is not HTTP, is too long, or came too slowly; there is no request to hand on. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = refusalFor(error.code);
  const requestId = requestIdFrom(undefined);
  const body = JSON.stringify(refusal.toBody(requestId));
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function refusalFor(code: string | undefined): ApiError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('request_timeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('headers_too_large', 'The request line and headers are too long.');
    default:
      return new ApiError('invalid_request', 'This is not a valid HTTP/1.1 request.');
  }
}
