import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError, requestIdFrom } from '@loguro/types';
import type { Logger } from 'pino';
import { AccessLog } from './access-log.js';
import { rawError } from './answers.js';
import { connectionOf } from './client-connection.js';
import { handleClientError } from './client-errors.js';
import type { GatewayOptions } from './config.js';
import type { GatewayContext } from './context.js';
import { ALLOWED_METHODS, Exchange } from './exchange.js';
import { HostTable, type Surface } from './hosts.js';
import { GatewayMetrics } from './metrics.js';
import { readCertificate, watchCertificate } from './tls.js';
import { parseTrustedProxies } from './trusted-proxies.js';
import { Upstream } from './upstream.js';
import { UpstreamGroup } from './upstream-group.js';

/** A gateway that has been put together. */
export interface Gateway {
  /** Not listening yet. */
  readonly server: Server | TlsServer;
  /** Why it can't serve right now; empty when it can. */
  readiness(): Promise<string[]>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /**
   * Stops accepting connections, answers what is in flight, lets resting connections go after
   * `drainGraceMs`, and closes those to the services. Resolves when all are closed.
   */
  drain(): Promise<void>;
  /** Cuts everything off at once. */
  destroy(): Promise<void>;
}

/**
 * Puts a gateway together from its options. It neither listens nor reads the environment.
 *
 * @throws Error when a host, a network or the certificate can't be used
 */
export function createGateway(options: GatewayOptions, logger: Logger): Gateway {
  const metrics = new GatewayMetrics();
  const groups = { control: createGroup('control'), ingest: createGroup('ingest') };
  const upstreams = [...groups.control.upstreams, ...groups.ingest.upstreams];
  const context: GatewayContext = {
    options,
    hosts: new HostTable({ control: options.controlHosts, ingest: options.ingestHosts }),
    groups,
    isTrusted: parseTrustedProxies(options.trustedProxies),
    metrics,
    accessLog: new AccessLog(options.accessLog, logger),
    protocol: options.tls === undefined ? 'http' : 'https',
    draining: false,
    bufferedBytes: 0,
  };
  const { server, stopWatching } = createListener(options, logger);
  let connections = 0;
  server.on('connection', (socket: Duplex) => {
    connections += 1;
    socket.once('close', () => {
      connections -= 1;
    });
  });
  metrics.watch({ connections: () => connections, upstreams });
  attach(server, context);

  function createGroup(surface: Surface): UpstreamGroup {
    const origins = surface === 'control' ? options.controlUpstreams : options.ingestUpstreams;
    const events = {
      wentDown: (origin: string, reason: string) => logger.warn({ surface, origin, reason }, 'upstream is down'),
      cameBack: (origin: string) => logger.info({ surface, origin }, 'upstream is back'),
    };
    return new UpstreamGroup(
      surface,
      origins.map((origin) => new Upstream(origin, options.upstream, events)),
    );
  }

  return {
    server,
    metrics: () => metrics.registry.metrics(),
    readiness: async () => {
      if (context.draining) return ['The gateway is draining.'];
      const states = await Promise.all([groups.control, groups.ingest].map(unreachable));
      return states.flat();
    },
    drain: async () => {
      context.draining = true;
      stopWatching();
      await closeServer(server, options.drainGraceMs);
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    },
    destroy: async () => {
      context.draining = true;
      stopWatching();
      server.close();
      server.closeAllConnections();
      await Promise.all(upstreams.map((upstream) => upstream.destroy()));
    },
  };
}

async function unreachable(group: UpstreamGroup): Promise<string[]> {
  return (await group.reachable()) ? [] : [`No upstream of the ${group.surface} surface can be reached.`];
}

function createListener(options: GatewayOptions, logger: Logger) {
  const { client, tls } = options;
  const serverOptions: ServerOptions = {
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
  const server =
    tls === undefined ? createServer(serverOptions) : createTlsServer({ ...serverOptions, ...readCertificate(tls) });
  server.maxConnections = client.maxConnections;
  const stopWatching = tls === undefined ? () => {} : watchCertificate(tls, server as TlsServer, logger);
  return { server, stopWatching };
}

function attach(server: Server | TlsServer, context: GatewayContext): void {
  const accept = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => {
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

/** Closes a server without cutting off requests that are on their way on resting connections. */
function closeServer(server: Server | TlsServer, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    // http.Server's own close ends resting connections at once, and with them a request that is on its way.
    NetServer.prototype.close.call(server, () => {
      clearInterval(sweep);
      resolve();
    });
    const closeAt = Date.now() + graceMs;
    const sweep = setInterval(() => {
      if (Date.now() >= closeAt) server.closeIdleConnections();
    }, 50);
  });
}
