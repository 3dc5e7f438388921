import { readTracing } from '@loguro/telemetry';
import { LIMITS } from '@loguro/types';
import { ConfigReader, type Environment, LOG_LEVELS } from '@loguro/types/operations';
import { QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { REDIS_POLICIES } from '../queue/open-queue-store.js';

/** The ingest API's configuration. Times and sizes are in the unit their name says. */
export type ApiConfig = ReturnType<typeof loadConfig>;

const MIB = 1024 * 1024;
const HTTP = ['http:', 'https:'];

/**
 * Reads the ingest API's configuration.
 *
 * @throws ConfigError that names every variable at fault
 */
export function loadConfig(env: Environment) {
  const reader = new ConfigReader(env);
  const port = { min: 0, max: 65_535 };
  const config = {
    host: reader.text('LOGURO_HOST', 'the address to listen on', '127.0.0.1'),
    port: reader.integer('LOGURO_PORT', 8082, port),
    opsPort: reader.integer('LOGURO_OPS_PORT', 9082, port),
    logLevel: reader.choice('LOGURO_LOG_LEVEL', LOG_LEVELS, 'info'),
    /** null: off. */
    tracing: readTracing(reader),
    apiUrl: reader
      .url('LOGURO_API_URL', HTTP, 'clients on the wrong host are told this URL', 'http://localhost:8080')
      .replace(/\/+$/, ''),
    databaseUrl: reader.url(
      'LOGURO_DATABASE_URL',
      ['postgres:', 'postgresql:'],
      'keys and datasets are looked up there as the role loguro_ingest',
    ),
    queueUrl: reader.url(
      'LOGURO_QUEUE_URL',
      ['redis:', 'rediss:', 'postgres:', 'postgresql:'],
      'accepted records go there',
    ),
    /** For one statement; past it the answer is 503. */
    databaseTimeoutMs: reader.integer('LOGURO_DATABASE_TIMEOUT_MS', 1000, { min: 50, max: 60_000 }),
    redisPolicy: reader.choice('LOGURO_REDIS_POLICY', REDIS_POLICIES, 'refuse'),
    /** The queue's high-water marks, and how long an append waits for it. */
    queueLimits: {
      maxWaitingJobs: reader.integer('LOGURO_QUEUE_MAX_JOBS', QUEUE_DEFAULTS.maxWaitingJobs, { min: 1, max: 1e9 }),
      maxQueueBytes: reader.integer('LOGURO_QUEUE_MAX_BYTES', QUEUE_DEFAULTS.maxQueueBytes, { min: MIB, max: 2 ** 50 }),
      timeoutMs: reader.integer('LOGURO_QUEUE_TIMEOUT_MS', QUEUE_DEFAULTS.timeoutMs, { min: 50, max: 60_000 }),
    },
    limits: {
      recordBytes: reader.integer('LOGURO_RECORD_BYTES', LIMITS.recordBytes, { min: 1024, max: 16 * MIB }),
      batchRecords: reader.integer('LOGURO_BATCH_RECORDS', LIMITS.batchRecords, { min: 1, max: 1_000_000 }),
      bodyBytes: reader.integer('LOGURO_BODY_BYTES', LIMITS.bodyBytes, { min: 1024, max: 256 * MIB }),
    },
    /** For each project key, in this process; 0: none. */
    keyLimits: {
      requestsPerSecond: reader.integer('LOGURO_KEY_REQUESTS_PER_SECOND', 0, { min: 0, max: 1e7 }),
      recordsPerSecond: reader.integer('LOGURO_KEY_RECORDS_PER_SECOND', 0, { min: 0, max: 1e9 }),
    },
    /** Of all request bodies in work together, decompressed. */
    bodiesInFlightBytes: reader.integer('LOGURO_BODIES_IN_FLIGHT_BYTES', 64 * MIB, { min: MIB, max: 4096 * MIB }),
    /** For a whole request to arrive. */
    requestTimeoutMs: reader.integer('LOGURO_REQUEST_TIMEOUT_MS', 30_000, { min: 100, max: 3_600_000 }),
    keepAliveTimeoutMs: reader.integer('LOGURO_KEEP_ALIVE_TIMEOUT_MS', 5000, { min: 100, max: 600_000 }),
    maxConnections: reader.integer('LOGURO_MAX_CONNECTIONS', 20_000, { min: 1, max: 1_000_000 }),
    /** The worker's setting: how long the ledger, and so a receipt, tells of a record. */
    ledgerDays: reader.integer('LOGURO_LEDGER_DAYS', 7, { min: 2, max: 3650 }),
    /** After SIGTERM: how long open connections may go on, so that their clients close them and not we. */
    drainMs: reader.integer('LOGURO_DRAIN_MS', 5500, { min: 0, max: 600_000 }),
    shutdownTimeoutMs: reader.integer('LOGURO_SHUTDOWN_TIMEOUT_MS', 30_000, { min: 100, max: 600_000 }),
  };
  if (config.limits.recordBytes > config.limits.bodyBytes) {
    reader.fault('LOGURO_RECORD_BYTES is larger than LOGURO_BODY_BYTES: no such record could ever be sent');
  }
  if (config.limits.bodyBytes > config.bodiesInFlightBytes) {
    reader.fault('LOGURO_BODY_BYTES is larger than LOGURO_BODIES_IN_FLIGHT_BYTES: no such body could ever be sent');
  }
  reader.done();
  return config;
}
