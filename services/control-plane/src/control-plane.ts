import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LIMITS } from '@loguro/types';
import { type ShutdownStep, startOpsServer } from '@loguro/types/operations';
import type { Logger } from 'pino';
import { createApp } from './app.js';
import { createLastUsed } from './authorization/last-used.js';
import type { Config } from './config.js';
import { openDatabase } from './database/database.js';
import { untilReady } from './database/until-ready.js';
import { listen } from './http/listen.js';
import { createMetrics } from './http/metrics.js';
import { createSigningKeys } from './keys/signing-keys.js';
import { createQueryPool } from './query/query-pool.js';
import { createQueryService } from './query/query-service.js';
import { queryEndpoints } from './query-endpoints.js';
import { createReadiness } from './readiness.js';
import { ENDPOINTS } from './routes.js';

/** A control plane that serves. */
export interface ControlPlane {
  /** Of the API. */
  port: number;
  opsPort: number;
  /** What stopping takes, in order; for `installShutdown`, or to run by hand. */
  steps: ShutdownStep[];
}

/**
 * Starts the control plane. While the database is away or not migrated, only the internal port answers, and says
 * so; the API's port opens when both the database and the signing key are usable.
 *
 * @throws SecretKeyError
 */
export async function startControlPlane(config: Config, version: string, logger: Logger): Promise<ControlPlane> {
  const onConnectionLost = (err: Error) => logger.warn({ err }, 'database connection lost');
  const { connectTimeoutMs, statementTimeoutMs, queryTimeoutMs } = config;
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
  const signingKeys = createSigningKeys(database, config.secretKey);
  const readiness = createReadiness({ control: database.pool, query: queryPool });
  const { host, bodyTimeoutMs } = config;

  const ops = await startOpsServer({
    host,
    port: config.opsPort,
    readiness: readiness.problems,
    metrics: () => metrics.registry.metrics(),
  });
  await untilReady(() => signingKeys.current(), { logger, onProblem: readiness.starting });
  const app = createApp({
    services: { database, signingKeys, apiUrl: config.apiUrl, ingestUrl: config.ingestUrl, version, logger },
    endpoints: [...ENDPOINTS, ...queryEndpoints(queries)],
    lastUsed,
    metrics,
    bodyLimits: { bytes: LIMITS.controlBodyBytes, timeoutMs: bodyTimeoutMs },
    trustProxy: config.trustProxy,
  });
  // The body has a timeout of its own, with an answer; this one is for what never becomes a request.
  const api = await listen(app, { host, port: config.port, requestTimeoutMs: bodyTimeoutMs + 5000 });
  readiness.started();

  return {
    port: api.port,
    opsPort: (ops.address() as AddressInfo).port,
    steps: [
      { name: 'say not ready', run: () => readiness.stopping() },
      { name: 'finish requests', run: () => api.stop() },
      { name: 'write last uses', run: () => lastUsed.flush() },
      { name: 'close queries', run: () => queries.close() },
      { name: 'close query connections', run: () => queryPool.end() },
      { name: 'close database', run: () => database.close() },
      { name: 'close internal port', run: () => closeOps(ops) },
    ],
  };
}

function closeOps(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
