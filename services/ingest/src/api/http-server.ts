import { createServer, type Server } from 'node:http';
import { drainServer } from '@loguro/types/operations';
import type { App } from './app.js';

/** Options of {@link createHttpServer}. */
export interface HttpServerOptions {
  /** For a whole request to arrive, in milliseconds. */
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  maxConnections: number;
}

/** For the headers alone, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often connections are looked at for being late, in milliseconds: 408 may come this much later. */
const CHECK_INTERVAL_MS = 1000;
const MAX_HEADER_BYTES = 16 * 1024;

/** A server that does not listen yet, and how to end it. */
export interface HttpServer {
  server: Server;
  /**
   * Lets all connections end without failing anyone; see `drainServer`. Answers close their connections by
   * now ({@link App.windDown}).
   *
   * @param graceMs how long to wait for that; less when no connection is left
   */
  drain(graceMs: number): Promise<void>;
}

/** Puts the app behind a server. All its time limits are per connection and cost requests nothing. */
export function createHttpServer(app: App, options: HttpServerOptions): HttpServer {
  const server = createServer({
    requestTimeout: options.requestTimeoutMs,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, options.requestTimeoutMs),
    keepAliveTimeout: options.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, options.requestTimeoutMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
  });
  server.maxConnections = options.maxConnections;
  server.on('request', app.handle);
  server.on('checkContinue', app.handleExpecting);
  server.on('checkExpectation', app.refuseExpectation);
  server.on('clientError', app.handleClientError);
  server.on('connection', (socket) => app.connections.add(socket));
  return {
    server,
    drain: (graceMs) => drainServer(server, app.connections, graceMs),
  };
}
