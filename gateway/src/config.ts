import { readTracing, type TracingConfig } from '@loguro/telemetry';
import { ConfigReader, type Environment, LOG_LEVELS } from '@loguro/types/operations';
import { HostTable } from './hosts.js';
import { parseTrustedProxies } from './trusted-proxies.js';

/** Limits of the connections with clients. Times in milliseconds. */
export interface ClientLimits {
  /** Open connections; more are closed at once. */
  maxConnections: number;
  /** Request line and headers together, in bytes. */
  maxHeaderBytes: number;
  /** From the first byte of a connection or request to the end of its headers. */
  headersTimeoutMs: number;
  /** From the first byte of a request to the last of its body. */
  requestTimeoutMs: number;
  /** How long a connection may rest between requests. Longer than that of a load balancer in front. */
  keepAliveTimeoutMs: number;
  /** How long a client may leave an answer unread, on top of what a service may take for it. */
  stallTimeoutMs: number;
}

/** How the gateway deals with the services. Times in milliseconds. */
export interface UpstreamLimits {
  /** Connections to each upstream URL. */
  maxConnections: number;
  /** Requests that may wait for one of them; more are answered 503. */
  maxQueue: number;
  connectTimeoutMs: number;
  /** From the last byte of the request to the headers of the answer: longer than any query may take. */
  responseTimeoutMs: number;
  /** Between two pieces of an answer's body. */
  idleTimeoutMs: number;
  /** How long a connection may rest; shorter than the services keep theirs, so that we close first. */
  keepAliveTimeoutMs: number;
}

/** What {@link createGateway} needs to know; nothing in it is read from the environment. */
export interface GatewayOptions {
  controlHosts: readonly string[];
  ingestHosts: readonly string[];
  /** Origins such as `http://10.0.0.7:8081`, at least one. */
  controlUpstreams: readonly string[];
  ingestUpstreams: readonly string[];
  /** Addresses and networks whose `X-Forwarded-*` are believed. Empty: nobody's. */
  trustedProxies: readonly string[];
  /** 401 answers in a minute after which an address is held back; 0: none is. */
  failedCredentialsPerMinute: number;
  tls?: { certFile: string; keyFile: string };
  client: ClientLimits;
  upstream: UpstreamLimits;
  /** Which requests are logged: none, those that ended in a 5xx or were cut off, or every one. */
  accessLog: AccessLogMode;
  /** How long a draining gateway still takes requests, so that those who send them can learn of it first. */
  drainGraceMs: number;
}

export const ACCESS_LOG_MODES = ['off', 'errors', 'all'] as const;
export type AccessLogMode = (typeof ACCESS_LOG_MODES)[number];

/** Everything the process needs. */
export interface GatewayConfig extends GatewayOptions {
  host: string;
  port: number;
  opsPort: number;
  logLevel: (typeof LOG_LEVELS)[number];
  /** null: off. */
  tracing: TracingConfig | null;
  /** Draining as a whole; past it the process exits with code 1. */
  shutdownTimeoutMs: number;
}

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  maxConnections: 20_000,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 75_000,
  stallTimeoutMs: 30_000,
};

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  maxConnections: 256,
  maxQueue: 1024,
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 60_000,
  idleTimeoutMs: 60_000,
  keepAliveTimeoutMs: 4_000,
};

/**
 * Reads the configuration of the gateway process.
 *
 * @throws ConfigError naming every variable that is wrong
 */
export function loadConfig(env: Environment): GatewayConfig {
  const reader = new ConfigReader(env);
  const tls = readTls(reader);
  const config: GatewayConfig = {
    host: reader.text('LOGURO_HOST', 'the address to listen on', '127.0.0.1'),
    port: reader.integer('LOGURO_PORT', 8080, { min: 0, max: 65_535 }),
    opsPort: reader.integer('LOGURO_OPS_PORT', 9080, { min: 0, max: 65_535 }),
    logLevel: reader.choice('LOGURO_LOG_LEVEL', LOG_LEVELS, 'info'),
    tracing: readTracing(reader),
    accessLog: reader.choice('LOGURO_ACCESS_LOG', ACCESS_LOG_MODES, 'errors'),
    controlHosts: reader.list('LOGURO_CONTROL_HOSTS', ['logu.ro', 'localhost', '127.0.0.1']),
    ingestHosts: reader.list('LOGURO_INGEST_HOSTS', ['ingest.logu.ro', 'ingest.localhost']),
    controlUpstreams: readUpstreams(reader, 'LOGURO_CONTROL_UPSTREAM', 'http://127.0.0.1:8081'),
    ingestUpstreams: readUpstreams(reader, 'LOGURO_INGEST_UPSTREAM', 'http://127.0.0.1:8082'),
    trustedProxies:
      reader.optionalText('LOGURO_TRUST_PROXY') === undefined ? [] : reader.list('LOGURO_TRUST_PROXY', []),
    failedCredentialsPerMinute: reader.integer('LOGURO_FAILED_CREDENTIALS_PER_MINUTE', 60, { min: 0, max: 1e6 }),
    ...(tls === undefined ? {} : { tls }),
    client: readClientLimits(reader),
    upstream: readUpstreamLimits(reader),
    drainGraceMs: reader.integer('LOGURO_DRAIN_GRACE_MS', 1_000, { min: 0, max: 600_000 }),
    shutdownTimeoutMs: reader.integer('LOGURO_SHUTDOWN_TIMEOUT_MS', 30_000, { min: 100, max: 600_000 }),
  };
  checkHosts(reader, config);
  reader.done();
  return config;
}

function readClientLimits(reader: ConfigReader): ClientLimits {
  const d = DEFAULT_CLIENT_LIMITS;
  const time = { min: 100, max: 3_600_000 };
  return {
    maxConnections: reader.integer('LOGURO_MAX_CONNECTIONS', d.maxConnections, { min: 1, max: 1_000_000 }),
    maxHeaderBytes: reader.integer('LOGURO_MAX_HEADER_BYTES', d.maxHeaderBytes, { min: 1024, max: 1024 * 1024 }),
    headersTimeoutMs: reader.integer('LOGURO_HEADERS_TIMEOUT_MS', d.headersTimeoutMs, time),
    requestTimeoutMs: reader.integer('LOGURO_REQUEST_TIMEOUT_MS', d.requestTimeoutMs, time),
    keepAliveTimeoutMs: reader.integer('LOGURO_KEEP_ALIVE_TIMEOUT_MS', d.keepAliveTimeoutMs, time),
    stallTimeoutMs: reader.integer('LOGURO_STALL_TIMEOUT_MS', d.stallTimeoutMs, time),
  };
}

function readUpstreamLimits(reader: ConfigReader): UpstreamLimits {
  const d = DEFAULT_UPSTREAM_LIMITS;
  const time = { min: 10, max: 3_600_000 };
  return {
    maxConnections: reader.integer('LOGURO_UPSTREAM_CONNECTIONS', d.maxConnections, { min: 1, max: 10_000 }),
    maxQueue: reader.integer('LOGURO_UPSTREAM_QUEUE', d.maxQueue, { min: 0, max: 1_000_000 }),
    connectTimeoutMs: reader.integer('LOGURO_UPSTREAM_CONNECT_TIMEOUT_MS', d.connectTimeoutMs, time),
    responseTimeoutMs: reader.integer('LOGURO_UPSTREAM_RESPONSE_TIMEOUT_MS', d.responseTimeoutMs, time),
    idleTimeoutMs: reader.integer('LOGURO_UPSTREAM_IDLE_TIMEOUT_MS', d.idleTimeoutMs, time),
    keepAliveTimeoutMs: reader.integer('LOGURO_UPSTREAM_KEEP_ALIVE_TIMEOUT_MS', d.keepAliveTimeoutMs, time),
  };
}

function readUpstreams(reader: ConfigReader, name: string, fallback: string): string[] {
  return reader.list(name, [fallback]).map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const plain = url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.hash === '';
    if (url !== undefined && plain && url.username === '' && url.password === '') return url.origin;
    reader.fault(`${name} has an entry that is not a plain http:// origin such as http://10.0.0.7:8081`);
    return text;
  });
}

function readTls(reader: ConfigReader): GatewayOptions['tls'] {
  const certFile = reader.optionalText('LOGURO_TLS_CERT_FILE');
  const keyFile = reader.optionalText('LOGURO_TLS_KEY_FILE');
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile !== undefined)
    reader.fault('LOGURO_TLS_KEY_FILE is not set: LOGURO_TLS_CERT_FILE needs its private key');
  if (keyFile !== undefined) reader.fault('LOGURO_TLS_CERT_FILE is not set: LOGURO_TLS_KEY_FILE needs its certificate');
  return undefined;
}

function checkHosts(reader: ConfigReader, config: GatewayConfig): void {
  try {
    new HostTable({ control: config.controlHosts, ingest: config.ingestHosts });
  } catch (error) {
    reader.fault(`LOGURO_CONTROL_HOSTS and LOGURO_INGEST_HOSTS: ${(error as Error).message}`);
  }
  try {
    parseTrustedProxies(config.trustedProxies);
  } catch (error) {
    reader.fault(`LOGURO_TRUST_PROXY: ${(error as Error).message}`);
  }
}
