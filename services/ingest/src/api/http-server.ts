import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { drainServer } from '@loguro/types/operations';
import type { App } from './app.js';
import { FastLane, type FastLaneDeps } from './fast-lane/fast-lane.js';

/** Options of {@link createHttpServer}. */
export interface HttpServerOptions {
  /** For a whole request to arrive, in milliseconds. */
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  maxConnections: number;
  /** What the fast lane needs beside the server; null: every request is the app's. */
  fastLane: Omit<FastLaneDeps, 'keepAliveTimeoutMs' | 'accept' | 'cutShort'> | null;
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
  const lane = options.fastLane === null ? null : putInFront(server, app, { ...options, ...options.fastLane });
  server.on('connection', (socket) => app.connections.add(socket));
  return {
    server,
    async drain(graceMs) {
      lane?.windDown();
      await drainServer(server, app.connections, { graceMs, closeIdle: () => lane?.closeIdle() });
      lane?.close();
    },
  };
}

/** Gives every connection to the fast lane first; the server gets what that hands over, as if it came from the network. */
function putInFront(server: Server, app: App, deps: Omit<FastLaneDeps, 'accept' | 'cutShort'>): FastLane {
  const [accept] = server.listeners('connection') as ((socket: Socket) => void)[];
  if (accept === undefined) throw new Error('This version of Node takes connections in another way.');
  server.off('connection', accept);
  const lane = new FastLane({
    ...deps,
    accept: (socket) => accept.call(server, socket),
    cutShort: (socket) => app.handleClientError(new Error('The request is cut short.'), socket),
  });
  server.on('connection', (socket) => lane.take(socket));
  return lane;
}
