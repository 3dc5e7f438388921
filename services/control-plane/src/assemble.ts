import { buildOpenApi, LIMITS } from '@loguro/types';
import type { ShutdownStep } from '@loguro/types/operations';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { createApp } from './app.js';
import { createLastUsed } from './authorization/last-used.js';
import type { Config } from './config.js';
import { type Database, openDatabase } from './database/database.js';
import { createProbePool } from './database/probe-pool.js';
import { createMetrics, type Metrics } from './http/metrics.js';
import { createSigningKeys, type SigningKeys } from './keys/signing-keys.js';
import { createRateLimits } from './limits/rate-limits.js';
import { createRecordMaintenance, type RecordMaintenance } from './maintenance/record-maintenance.js';
import { observeQueries } from './query/observed-queries.js';
import { createQueryPool } from './query/query-pool.js';
import { createQueryService } from './query/query-service.js';
import { queryEndpoints } from './query-endpoints.js';
import { createReadiness, type Readiness } from './readiness.js';
import { ENDPOINTS } from './routes.js';

/** The parts of a control plane, put together but not listening; nothing is connected before its first use. */
export interface Assembly {
  app: Express;
  database: Database;
  signingKeys: SigningKeys;
  metrics: Metrics;
  readiness: Readiness;
  /** To be started once the database is usable. */
  maintenance: RecordMaintenance;
  /** Closes everything, in order, once no request is in flight. */
  closing: ShutdownStep[];
}

/** @param version this release, as the OpenAPI document states it */
export function assemble(config: Config, version: string, logger: Logger): Assembly {
  const { apiUrl, ingestUrl, connectTimeoutMs, statementTimeoutMs, queryTimeoutMs } = config;
  const onConnectionLost = (err: Error) => logger.warn({ err }, 'database connection lost');
  const database = openDatabase({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    connectTimeoutMs,
    statementTimeoutMs,
    onConnectionLost,
  });
  const queryPool = createQueryPool({
    url: config.queryDatabaseUrl,
    poolSize: config.queryPoolSize,
    connectTimeoutMs,
    statementTimeoutMs: queryTimeoutMs,
    onConnectionLost,
  });
  const queries = createQueryService({ pool: queryPool, statementTimeoutMs: queryTimeoutMs });
  const lastUsed = createLastUsed(database.pool, (err) => logger.warn({ err }, 'last use of a token not written'));
  const metrics = createMetrics({ control: database.pool, query: queryPool });
  const maintenance = createRecordMaintenance({
    pool: database.pool,
    log: logger,
    onRound: (outcome) => metrics.maintenanceRounds.inc({ outcome }),
  });
  const signingKeys = createSigningKeys(database, config.secretKey);
  const probes = { control: createProbePool(config.databaseUrl), query: createProbePool(config.queryDatabaseUrl) };
  const app = createApp({
    services: {
      database,
      signingKeys,
      apiUrl,
      ingestUrl,
      openApi: buildOpenApi({ version, apiUrl, ingestUrl }),
      logger,
    },
    endpoints: [...ENDPOINTS, ...queryEndpoints(observeQueries(queries, metrics))],
    lastUsed,
    metrics,
    bodyLimits: { bytes: LIMITS.controlBodyBytes, timeoutMs: config.bodyTimeoutMs },
    rateLimits: createRateLimits(config.requestsPerMinute),
    trustProxy: config.trustProxy,
  });
  return {
    app,
    database,
    signingKeys,
    metrics,
    readiness: createReadiness(probes),
    maintenance,
    closing: [
      { name: 'stop record maintenance', run: () => maintenance.stop() },
      { name: 'write last uses', run: () => lastUsed.flush() },
      { name: 'close queries', run: () => queries.close() },
      { name: 'close query connections', run: () => queryPool.end() },
      { name: 'close database', run: () => database.close() },
      { name: 'close probes', run: () => Promise.all([probes.control.end(), probes.query.end()]) },
    ],
  };
}
