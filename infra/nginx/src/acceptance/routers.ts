import {
  type ClientLimits,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_UPSTREAM_LIMITS,
  type GatewayOptions,
  type UpstreamLimits,
} from '@loguro/gateway';
import { startGateway } from '@loguro/gateway/testing';
import { startNginx } from '../start-nginx.js';

/** What a test wants of a router. */
export interface RouterOptions {
  controlUpstreams: readonly string[];
  ingestUpstreams: readonly string[];
  trustedProxies?: readonly string[];
  tls?: { certFile: string; keyFile: string };
  client?: Partial<ClientLimits>;
  upstream?: Partial<UpstreamLimits>;
}

/** A router that listens. */
export interface RunningRouter {
  port: number;
  close(): Promise<void>;
}

/** One of the two that must behave alike. */
export interface Router {
  name: string;
  start(options: RouterOptions): Promise<RunningRouter>;
}

/** The hosts that both serve in these tests. */
const CONTROL_HOSTS = ['logu.ro', 'localhost', '127.0.0.1'];
const INGEST_HOSTS = ['ingest.logu.ro', 'ingest.localhost'];

const HOSTS = { controlHosts: CONTROL_HOSTS, ingestHosts: INGEST_HOSTS };

function gatewayOptions({ client, upstream, ...options }: RouterOptions): GatewayOptions {
  return {
    ...HOSTS,
    trustedProxies: [],
    failedCredentialsPerMinute: 0,
    accessLog: 'off',
    drainGraceMs: 0,
    ...options,
    client: { ...DEFAULT_CLIENT_LIMITS, maxConnections: 1_000, ...client },
    upstream: { ...DEFAULT_UPSTREAM_LIMITS, ...upstream },
  };
}

/** Both. */
export const ROUTERS: readonly Router[] = [
  { name: 'the gateway', start: (options) => startGateway({ ...HOSTS, ...options }) },
  { name: 'nginx', start: (options) => startNginx(gatewayOptions(options)) },
];
