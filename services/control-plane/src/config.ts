import { isIP } from 'node:net';
import { readTracing, type TracingConfig } from '@loguro/telemetry';
import { ConfigReader, type Environment, LOG_LEVELS } from '@loguro/types/operations';
import { readSecretKey } from './keys/read-secret-key.js';

/** Everything the control plane can be told, read once at start. */
export interface Config {
  host: string;
  /** The API's port. */
  port: number;
  /** The internal port of /healthz, /readyz and /metrics. */
  opsPort: number;
  logLevel: (typeof LOG_LEVELS)[number];
  /** null: off. */
  tracing: TracingConfig | null;
  /** Public base URL of this service, without a slash at the end. */
  apiUrl: string;
  /** Public base URL of ingest, without a slash at the end. */
  ingestUrl: string;
  /** Logs in as loguro_control. */
  databaseUrl: string;
  /** Logs in as loguro_query. */
  queryDatabaseUrl: string;
  /** 32 bytes that encrypt the private signing keys. */
  secretKey: Buffer;
  /** Connections of this process at the most, for the API's own work. */
  poolSize: number;
  /** Connections of this process at the most, for queries. */
  queryPoolSize: number;
  /** How long a request waits for a database connection, in milliseconds. */
  connectTimeoutMs: number;
  /** PostgreSQL gives up on a statement of the API's own work after this, in milliseconds. */
  statementTimeoutMs: number;
  /** PostgreSQL gives up on a caller's query after this, in milliseconds. */
  queryTimeoutMs: number;
  /** Queries of one project that this process runs at the same time. */
  queriesPerProject: number;
  /** Queries of one project that wait for their turn in this process. */
  queriesInLine: number;
  /** How long a query waits for its turn, in milliseconds. */
  queryWaitMs: number;
  /** Parallel workers that PostgreSQL may run for queries at the same time, all processes together; 0: none. */
  queryParallelWorkers: number;
  /** JSON answers that their clients have not read yet, all together; past it 503. */
  unsentAnswerBytes: number;
  /** A request body must have arrived after this, in milliseconds. */
  bodyTimeoutMs: number;
  /** Requests a minute, for each process; 0: no limit. */
  requestsPerMinute: { perToken: number; perAddress: number };
  /** Addresses or ranges whose X-Forwarded-For is believed. */
  trustProxy: string[];
  /** While stopping: how long open connections may go on, in milliseconds. Longer than the gateway keeps idle ones. */
  drainMs: number;
  /** A stopping process is given this long, in milliseconds. */
  shutdownMs: number;
}

const POSTGRES = ['postgres:', 'postgresql:'];
const HTTP = ['http:', 'https:'];
const MIB = 1024 * 1024;

/** @throws ConfigError naming every fault at once */
export function loadConfig(env: Environment): Config {
  const reader = new ConfigReader(env);
  const port = { min: 0, max: 65535 };
  const config: Config = {
    host: reader.text('LOGURO_HOST', 'the address to listen on', '127.0.0.1'),
    port: reader.integer('LOGURO_PORT', 8081, port),
    opsPort: reader.integer('LOGURO_OPS_PORT', 9081, port),
    logLevel: reader.choice('LOGURO_LOG_LEVEL', LOG_LEVELS, 'info'),
    tracing: readTracing(reader),
    apiUrl: baseUrl(reader.url('LOGURO_API_URL', HTTP, 'clients are told this URL', 'http://localhost:8080')),
    ingestUrl: baseUrl(
      reader.url('LOGURO_INGEST_URL', HTTP, 'clients are told this URL', 'http://ingest.localhost:8080'),
    ),
    databaseUrl: reader.url(
      'LOGURO_DATABASE_URL',
      POSTGRES,
      'without it there is nowhere to keep accounts and datasets',
    ),
    queryDatabaseUrl: reader.url('LOGURO_QUERY_DATABASE_URL', POSTGRES, 'without it no query can run'),
    secretKey: readSecretKey(
      reader,
      'LOGURO_SECRET_KEY',
      'it encrypts the private signing key; make one with `openssl rand -base64 32` and keep it',
    ),
    poolSize: reader.integer('LOGURO_DATABASE_POOL_SIZE', 10, { min: 1, max: 1000 }),
    queryPoolSize: reader.integer('LOGURO_QUERY_DATABASE_POOL_SIZE', 10, { min: 1, max: 1000 }),
    connectTimeoutMs: reader.integer('LOGURO_CONNECT_TIMEOUT_MS', 2000, { min: 10, max: 60_000 }),
    statementTimeoutMs: reader.integer('LOGURO_STATEMENT_TIMEOUT_MS', 10_000, { min: 100, max: 600_000 }),
    queryTimeoutMs: reader.integer('LOGURO_QUERY_TIMEOUT_MS', 15_000, { min: 10, max: 600_000 }),
    queriesPerProject: reader.integer('LOGURO_QUERIES_PER_PROJECT', 4, { min: 1, max: 1000 }),
    queriesInLine: reader.integer('LOGURO_QUERIES_IN_LINE', 32, { min: 0, max: 10_000 }),
    queryWaitMs: reader.integer('LOGURO_QUERY_WAIT_MS', 5000, { min: 1, max: 30_000 }),
    queryParallelWorkers: reader.integer('LOGURO_QUERY_PARALLEL_WORKERS', 2, { min: 0, max: 1000 }),
    unsentAnswerBytes: reader.integer('LOGURO_UNSENT_ANSWER_BYTES', 128 * MIB, { min: 32 * MIB, max: 64 * 1024 * MIB }),
    bodyTimeoutMs: reader.integer('LOGURO_BODY_TIMEOUT_MS', 15_000, { min: 100, max: 600_000 }),
    requestsPerMinute: {
      perToken: reader.integer('LOGURO_TOKEN_REQUESTS_PER_MINUTE', 3000, { min: 0, max: 1e9 }),
      perAddress: reader.integer('LOGURO_ADDRESS_REQUESTS_PER_MINUTE', 6000, { min: 0, max: 1e9 }),
    },
    trustProxy: trustProxy(reader),
    drainMs: reader.integer('LOGURO_DRAIN_MS', 5500, { min: 0, max: 600_000 }),
    shutdownMs: reader.integer('LOGURO_SHUTDOWN_TIMEOUT_MS', 25_000, { min: 100, max: 600_000 }),
  };
  reader.done();
  return config;
}

function baseUrl(url: string): string {
  return url.replace(/\/+$/, '');
}

const RANGES = ['loopback', 'linklocal', 'uniquelocal'];

/** `none`, or what Express understands: its three named ranges, addresses, and networks such as `10.0.0.0/8`. */
function trustProxy(reader: ConfigReader): string[] {
  const items = reader.list('LOGURO_TRUST_PROXY', RANGES);
  if (items.length === 1 && items[0] === 'none') return [];
  for (const item of items.filter((candidate) => !RANGES.includes(candidate))) {
    const [address = '', bits] = item.split('/');
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    if (most < 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most))) {
      reader.fault(
        `LOGURO_TRUST_PROXY names "${item}": each must be an address, a network such as 10.0.0.0/8, or one of ${RANGES.join(', ')}; or "none" alone`,
      );
    }
  }
  return items;
}
