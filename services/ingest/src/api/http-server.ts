import { createServer, type Server } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
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
const DRAIN_CHECK_MS = 25;

/** A server that does not listen yet, and how to end it. */
export interface HttpServer {
  server: Server;
  /**
   * Lets all connections end without failing anyone. Answers close their connections by now
   * ({@link App.windDown}), and new connections are still served: whoever sends requests here may need a
   * moment to hear that it should not. Idle connections are left to their clients, which close them earlier
   * than we would; one that we close just when a request is under way would fail that request.
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
    async drain(graceMs) {
      const deadline = performance.now() + graceMs;
      while (app.connections.size > 0 && performance.now() < deadline) await delay(DRAIN_CHECK_MS);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      // Node takes a connection that never said anything for one whose request is being received.
      for (const socket of app.connections.sockets) {
        if (socket instanceof Socket && socket.bytesRead === 0) socket.destroy();
      }
      await closed;
    },
  };
}
