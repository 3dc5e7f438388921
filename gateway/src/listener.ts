import { createServer, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, requestIdFrom } from '@loguro/types';
import { requestsRead } from '@loguro/types/operations';
import type { Logger } from 'pino';
import { rawError } from './answers.js';
import { connectionOf } from './client-connection.js';
import { handleClientError } from './client-errors.js';
import type { GatewayOptions } from './config.js';
import type { GatewayContext } from './context.js';
import { ALLOWED_METHODS, Exchange } from './exchange.js';
import { GatewayRequest } from './gateway-request.js';
import { type Certificate, expiryOf, readCertificate, watchCertificate } from './tls.js';

/** A server whose requests can gather their bodies. */
export type GatewayServer = Server<typeof GatewayRequest> | TlsServer<typeof GatewayRequest>;

/** What clients connect to; not listening yet. */
export interface Listener {
  server: GatewayServer;
  /** Looks no more for new certificates. */
  stopWatching: () => void;
  /** When the certificate in use stops being valid, in seconds since 1970. Absent without TLS. */
  certificateExpiry?: () => number;
}

/** Makes the server that clients connect to, with or without TLS. */
export function createListener(options: GatewayOptions, logger: Logger): Listener {
  const { client, tls } = options;
  const serverOptions: ServerOptions<typeof GatewayRequest> = {
    IncomingMessage: GatewayRequest,
    maxHeaderSize: client.maxHeaderBytes,
    headersTimeout: client.headersTimeoutMs,
    requestTimeout: client.requestTimeoutMs,
    keepAliveTimeout: client.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, client.headersTimeoutMs),
    // Refused by us instead, with the contract's body.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  };
  if (tls === undefined) {
    const server = createServer(serverOptions);
    limit(server, options);
    return { server, stopWatching: () => {} };
  }
  let inUse = readCertificate(tls);
  const server = createTlsServer({ ...serverOptions, ...inUse });
  limit(server, options);
  const setSecureContext = (fresh: Certificate) => {
    server.setSecureContext(fresh);
    inUse = fresh;
  };
  const stopWatching = watchCertificate(tls, { setSecureContext }, logger);
  return { server, stopWatching, certificateExpiry: () => expiryOf(inUse) };
}

function limit(server: GatewayServer, { client, upstream }: GatewayOptions): void {
  server.maxConnections = client.maxConnections;
  // Node would silently drop what is past its count; maxHeaderSize bounds them without losing any.
  server.maxHeadersCount = 0;
  // For clients that don't read their answer. A service that is slow to answer is not to be mistaken for one.
  server.timeout = Math.max(upstream.responseTimeoutMs, upstream.idleTimeoutMs) + client.stallTimeoutMs;
}

/** Connects the server's events to what handles them. */
export function attachHandlers(server: GatewayServer, context: GatewayContext): void {
  const accept = (req: GatewayRequest, res: ServerResponse, expectsContinue: boolean) => {
    const connection = connectionOf(req.socket);
    connection.accept(new Exchange(context, connection, req, res, expectsContinue));
  };
  server.on('request', (req, res) => accept(req, res, false));
  server.on('checkContinue', (req, res) => accept(req, res, true));
  // An expectation we don't know may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (req, res) => accept(req, res, false));
  server.on('connect', (_req, socket: Duplex) => {
    const options = { headers: { Allow: ALLOWED_METHODS, Connection: 'close' } };
    const error = new ApiError('method_not_allowed', 'CONNECT is not supported.', options);
    socket.on('error', () => socket.destroy());
    socket.end(rawError(error, requestIdFrom(undefined)));
  });
  server.on('clientError', (error, socket) => handleClientError(error, socket, context.metrics));
  server.on('drop', () => context.metrics.connectionDropped());
}

/** Between two looks for connections that have come to rest while a server closes, in milliseconds. */
const SWEEP_MS = 50;

/**
 * Closes a server without cutting off requests that are on their way. During the grace it still accepts connections:
 * whoever balances load over several gateways needs a moment to hear that this one stops.
 */
export async function closeGently(server: GatewayServer, graceMs: number): Promise<void> {
  if (!server.listening) return;
  if (graceMs > 0) {
    await delay(graceMs);
    // Connections that the kernel has made by now are ours to serve.
    await requestsRead();
  }
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    // http.Server's own close ends resting connections before it stops accepting others; this one only stops.
    NetServer.prototype.close.call(server, () => resolve());
  }).then(() => {
    isClosed = true;
  });
  while (!isClosed) {
    await requestsRead();
    server.closeIdleConnections();
    await Promise.race([closed, delay(SWEEP_MS)]);
  }
}
