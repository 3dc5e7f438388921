import { readTracing } from '@loguro/telemetry';
import { ConfigReader, type Environment, LOG_LEVELS } from '@loguro/types/operations';
import { REDIS_POLICIES } from '../queue/open-queue-store.js';

/** The ingest worker's configuration. Times are in the unit their name says. */
export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;

/**
 * Reads the worker's configuration.
 *
 * @throws ConfigError that names every variable at fault
 */
export function loadWorkerConfig(env: Environment) {
  const reader = new ConfigReader(env);
  const config = {
    host: reader.text('LOGURO_HOST', 'the address to listen on', '127.0.0.1'),
    opsPort: reader.integer('LOGURO_OPS_PORT', 9083, { min: 0, max: 65_535 }),
    logLevel: reader.choice('LOGURO_LOG_LEVEL', LOG_LEVELS, 'info'),
    /** null: off. */
    tracing: readTracing(reader),
    databaseUrl: reader.url(
      'LOGURO_DATABASE_URL',
      ['postgres:', 'postgresql:'],
      'the worker stores records there as the role loguro_ingest',
    ),
    queueUrl: reader.url(
      'LOGURO_QUEUE_URL',
      ['redis:', 'rediss:', 'postgres:', 'postgresql:'],
      'the worker takes records from there',
    ),
    redisPolicy: reader.choice('LOGURO_REDIS_POLICY', REDIS_POLICIES, 'refuse'),
    /** Jobs in hand at once, at the most. */
    concurrency: reader.integer('LOGURO_WORKER_CONCURRENCY', 128, { min: 1, max: 1000 }),
    /** Lines in hand at once, about; large jobs are taken in smaller numbers. */
    heldBytes: reader.integer('LOGURO_WORKER_HELD_BYTES', 32 * 1024 * 1024, { min: 1024, max: 2 ** 40 }),
    /** Transactions at once. */
    lanes: reader.integer('LOGURO_WORKER_LANES', 2, { min: 1, max: 16 }),
    minGapMs: reader.integer('LOGURO_WORKER_GAP_MS', 20, { min: 0, max: 1000 }),
    lockMs: reader.integer('LOGURO_WORKER_LOCK_MS', 6000, { min: 500, max: 600_000 }),
    stalledIntervalMs: reader.integer('LOGURO_WORKER_STALLED_INTERVAL_MS', 3000, { min: 100, max: 600_000 }),
    statementTimeoutMs: reader.integer('LOGURO_WORKER_STATEMENT_TIMEOUT_MS', 30_000, { min: 100, max: 600_000 }),
    lockTimeoutMs: reader.integer('LOGURO_WORKER_LOCK_TIMEOUT_MS', 2000, { min: 10, max: 600_000 }),
    stuckAfterMs: reader.integer('LOGURO_WORKER_STUCK_AFTER_MS', 15_000, { min: 100, max: 3_600_000 }),
    exitAfterMs: reader.integer('LOGURO_WORKER_EXIT_AFTER_MS', 300_000, { min: 100, max: 86_400_000 }),
    drainMs: reader.integer('LOGURO_WORKER_DRAIN_MS', 20_000, { min: 0, max: 3_600_000 }),
    ledgerDays: reader.integer('LOGURO_LEDGER_DAYS', 7, { min: 2, max: 3650 }),
  };
  reader.done();
  return config;
}
