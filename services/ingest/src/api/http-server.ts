import { createServer, type Server } from 'node:http';
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

/** Puts the app behind a server that does not listen yet. All its time limits are per connection and cost requests nothing. */
export function createHttpServer(app: App, options: HttpServerOptions): Server {
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
  return server;
}

/**
 * Lets a server's connections end without failing anyone. Answers close their connections by now
 * ({@link App.windDown}), and new connections are still served: whoever sends requests here may need a
 * moment to hear that it should not. Idle connections are left to their clients, which close them earlier
 * than we would; a connection closed by us just when a request is under way would fail that request.
 *
 * @param graceMs how long to wait for that; less when no connection is left
 */
export async function drainServer(server: Server, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && (await openConnections(server)) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((error, count) => resolve(error === null ? count : 0));
  });
}
