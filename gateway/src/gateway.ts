import type { Duplex } from 'node:stream';
import { registerSpanMetrics, type Tracing } from '@loguro/telemetry';
import type { Logger } from 'pino';
import { AccessLog } from './access-log.js';
import type { GatewayOptions } from './config.js';
import type { GatewayContext } from './context.js';
import { CredentialGuard } from './credential-guard.js';
import { HostTable, type Surface } from './hosts.js';
import { attachHandlers, closeGently, createListener, type GatewayServer } from './listener.js';
import { GatewayMetrics } from './metrics.js';
import { parseTrustedProxies } from './trusted-proxies.js';
import { Upstream } from './upstream.js';
import { UpstreamGroup } from './upstream-group.js';

/** A gateway that has been put together. */
export interface Gateway {
  /** Not listening yet. */
  readonly server: GatewayServer;
  /** Why it can't serve right now; empty when it can. */
  readiness(): Promise<string[]>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /**
   * Answers with `Connection: close` from here on; after `drainGraceMs` stops accepting connections, lets
   * resting ones go, answers what is in flight, and closes those to the services. Resolves when all are closed.
   */
  drain(): Promise<void>;
  /** Cuts everything off at once. */
  destroy(): Promise<void>;
}

/**
 * Puts a gateway together from its options. It neither listens nor reads the environment.
 *
 * @param tracing gives every request a span; null: off
 * @throws Error when a host, a network or the certificate can't be used
 */
export function createGateway(options: GatewayOptions, logger: Logger, tracing: Tracing | null = null): Gateway {
  const metrics = new GatewayMetrics();
  registerSpanMetrics(metrics.registry, tracing);
  const groups = { control: createGroup('control'), ingest: createGroup('ingest') };
  const upstreams = [...groups.control.upstreams, ...groups.ingest.upstreams];
  const context: GatewayContext = {
    options,
    hosts: new HostTable({ control: options.controlHosts, ingest: options.ingestHosts }),
    groups,
    isTrusted: parseTrustedProxies(options.trustedProxies),
    guard: options.failedCredentialsPerMinute === 0 ? null : new CredentialGuard(options.failedCredentialsPerMinute),
    metrics,
    accessLog: new AccessLog(options.accessLog, logger),
    tracing,
    protocol: options.tls === undefined ? 'http' : 'https',
    draining: false,
    bufferedBytes: 0,
  };
  const { server, stopWatching, certificateExpiry } = createListener(options, logger);
  let connections = 0;
  server.on('connection', (socket: Duplex) => {
    connections += 1;
    socket.once('close', () => {
      connections -= 1;
    });
  });
  metrics.watch({ connections: () => connections, upstreams });
  if (certificateExpiry !== undefined) metrics.watchCertificate(certificateExpiry);
  attachHandlers(server, context);

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
    metrics: () => metrics.render(),
    readiness: async () => {
      if (context.draining) return ['The gateway is draining.'];
      const states = await Promise.all([groups.control, groups.ingest].map(unreachable));
      return states.flat();
    },
    drain: async () => {
      context.draining = true;
      stopWatching();
      await closeGently(server, options.drainGraceMs);
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
