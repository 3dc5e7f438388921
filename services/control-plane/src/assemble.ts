import { registerSpanMetrics, type Tracing } from '@loguro/telemetry';
import { buildOpenApi, LIMITS } from '@loguro/types';
import type { ShutdownStep } from '@loguro/types/operations';
import type { Express } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { createApp } from './app.js';
import { createLastUsed } from './authorization/last-used.js';
import type { Config } from './config.js';
import { type Database, openDatabase } from './database/database.js';
import { createProbePool } from './database/probe-pool.js';
import { createMetrics, type Metrics } from './http/metrics.js';
import { createUnsentAnswers } from './http/unsent-answers.js';
import { createSigningKeys, type SigningKeys } from './keys/signing-keys.js';
import { createRateLimits } from './limits/rate-limits.js';
import { createMaintenancePool } from './maintenance/maintenance-pool.js';
import { createRecordMaintenance, type RecordMaintenance } from './maintenance/record-maintenance.js';
import { observeQueries, observeWait } from './query/observed-queries.js';
import { createQueryPool } from './query/query-pool.js';
import { createQueryService, type QueryService } from './query/query-service.js';
import { createStopQueries } from './query/stop-queries.js';
import { queryEndpoints } from './query-endpoints.js';
import { createReadiness, type Readiness } from './readiness.js';
import { ENDPOINTS } from './routes.js';
import { createArrivalFeed } from './tail/arrival-feed.js';
import { createTailService, type TailService } from './tail/tail-service.js';
import { tailEndpoints } from './tail-endpoints.js';

/** The parts of a control plane, put together but not listening; nothing is connected before its first use. */
export interface Assembly {
  app: Express;
  database: Database;
  signingKeys: SigningKeys;
  metrics: Metrics;
  readiness: Readiness;
  tails: TailService;
  /** To be started once the database is usable. */
  maintenance: RecordMaintenance;
  /** Closes everything, in order, once no request is in flight. */
  closing: ShutdownStep[];
}

/** Between two looks for arrivals: about what a record's way to a tail takes in addition, in milliseconds. */
const FEED_INTERVAL_MS = 250;

/**
 * @param version this release, as the OpenAPI document states it
 * @param tracing gives every request and every query a span; null: off
 */
export function assemble(config: Config, version: string, logger: Logger, tracing: Tracing | null = null): Assembly {
  const { apiUrl, ingestUrl, connectTimeoutMs, statementTimeoutMs, queryTimeoutMs } = config;
  const onConnectionLost = (err: Error) => logger.warn({ err }, 'database connection lost');
  const database = openDatabase({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    connectTimeoutMs,
    statementTimeoutMs,
    onConnectionLost,
  });
  const queryPoolOf = (poolSize: number) =>
    createQueryPool({
      url: config.queryDatabaseUrl,
      poolSize,
      connectTimeoutMs,
      statementTimeoutMs: queryTimeoutMs,
      parallelWorkers: config.queryParallelWorkers,
      onConnectionLost,
    });
  const queryPool = queryPoolOf(config.queryPoolSize);
  // One connection for all who wait for records, so that they are woken however busy the others are; deletions use it, too.
  const feedPool = queryPoolOf(1);
  const lastUsed = createLastUsed(database.pool, (err) => logger.warn({ err }, 'last use of a token not written'));
  const metrics = createMetrics({ control: database.pool, query: queryPool, feed: feedPool });
  registerSpanMetrics(metrics.registry, tracing);
  const queries = openQueries(queryPool, config, metrics);
  const { tails, closeTails } = openTails({ queryPool, feedPool, statementTimeoutMs: queryTimeoutMs, metrics, logger });
  const maintenancePool = createMaintenancePool({ url: config.databaseUrl, connectTimeoutMs, onConnectionLost });
  const maintenance = createRecordMaintenance({
    pool: maintenancePool,
    log: logger,
    onRound: (outcome) => metrics.maintenanceRounds.inc({ outcome }),
  });
  const signingKeys = createSigningKeys(database, config.secretKey);
  const probes = { control: createProbePool(config.databaseUrl), query: createProbePool(config.queryDatabaseUrl) };
  const app = createApp({
    services: {
      database,
      // Not the pool of the queries, which they may have taken up.
      stopQueries: createStopQueries(feedPool, queryTimeoutMs),
      signingKeys,
      apiUrl,
      ingestUrl,
      openApi: buildOpenApi({ version, apiUrl, ingestUrl }),
      logger,
    },
    endpoints: [...ENDPOINTS, ...queryEndpoints(queries), ...tailEndpoints(tails)],
    lastUsed,
    metrics,
    tracing,
    bodyLimits: { bytes: LIMITS.controlBodyBytes, timeoutMs: config.bodyTimeoutMs },
    rateLimits: createRateLimits(config.requestsPerMinute),
    unsent: createUnsentAnswers({ maxBytes: config.unsentAnswerBytes }),
    trustProxy: config.trustProxy,
  });
  return {
    app,
    database,
    signingKeys,
    metrics,
    readiness: createReadiness(probes),
    tails,
    maintenance,
    closing: [
      { name: 'stop record maintenance', run: () => maintenance.stop() },
      { name: 'write last uses', run: () => lastUsed.flush() },
      { name: 'close queries', run: () => queries.close() },
      { name: 'close tails', run: closeTails },
      { name: 'close query connections', run: () => Promise.all([queryPool.end(), feedPool.end()]) },
      { name: 'close database', run: () => Promise.all([database.close(), maintenancePool.end()]) },
      { name: 'close probes', run: () => Promise.all([probes.control.end(), probes.query.end()]) },
    ],
  };
}

function openQueries(pool: Pool, config: Config, metrics: Metrics): QueryService {
  const queries = createQueryService({
    pool,
    statementTimeoutMs: config.queryTimeoutMs,
    queriesPerProject: config.queriesPerProject,
    queriesInLine: config.queriesInLine,
    waitMs: config.queryWaitMs,
    onWaiting: () => observeWait(metrics),
  });
  return observeQueries(queries, metrics);
}

interface TailParts {
  queryPool: Pool;
  /** For looking out for arrivals. */
  feedPool: Pool;
  statementTimeoutMs: number;
  metrics: Metrics;
  logger: Logger;
}

function openTails({ queryPool, feedPool, statementTimeoutMs, metrics, logger }: TailParts) {
  const feed = createArrivalFeed({
    pool: feedPool,
    statementTimeoutMs,
    intervalMs: FEED_INTERVAL_MS,
    onFailure: (err) => logger.warn({ err }, 'arrivals can not be seen; tails wait as long as they may'),
  });
  const tails = createTailService({
    pool: queryPool,
    feed,
    statementTimeoutMs,
    onOpen: (change) => metrics.tailsOpen.inc(change),
  });
  const closeTails = () => {
    feed.close();
    return tails.close();
  };
  return { tails, closeTails };
}
