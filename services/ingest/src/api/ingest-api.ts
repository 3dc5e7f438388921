import type { Server } from 'node:http';
import { registerSpanMetrics, type Tracing } from '@loguro/telemetry';
import type { ApiError } from '@loguro/types';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Authenticator } from '../cache/authenticator.js';
import { ChangeFeed } from '../cache/change-feed.js';
import { openDatabase } from '../cache/database.js';
import { Directory } from '../cache/directory.js';
import { apiMetrics } from '../metrics.js';
import type { OpenIngestQueue } from '../queue/open-ingest-queue.js';
import { AccessControl } from './access.js';
import { createApp } from './app.js';
import { BodyBudget } from './body-budget.js';
import type { ApiConfig } from './config.js';
import { createHttpServer, type HttpServer } from './http-server.js';
import { KeyLimits } from './key-limits.js';
import { createKeyUses } from './key-uses.js';
import { createReadiness } from './readiness.js';
import { ReceiptWatcher } from './receipt-watcher.js';
import { RecordSink } from './record-sink.js';

/** What {@link createIngestApi} needs. */
export interface IngestApiDeps {
  config: ApiConfig;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  registry: Registry;
  queue: OpenIngestQueue;
  /** How often the last uses of keys are written, in milliseconds. Default 10,000. */
  keyUsesIntervalMs?: number;
  /** Gives every request a span; null, unless given: off. */
  tracing?: Tracing | null;
}

/** The ingest API, put together and not listening yet. */
export interface IngestApi {
  server: Server;
  readiness: () => Promise<readonly string[]>;
  /** Connects to the change feed; without it every lookup asks the database. */
  start(): Promise<void>;
  /** Ends all requests and connections of clients; see {@link HttpServer.drain}. */
  drain(): Promise<void>;
  /** Writes the last uses of keys and disconnects from the database. */
  close(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Puts the ingest API together. It opens no port and reads no environment. */
export function createIngestApi({
  config,
  logger,
  registry,
  queue,
  keyUsesIntervalMs = 10_000,
  tracing = null,
}: IngestApiDeps): IngestApi {
  const database = openDatabase({
    connectionString: config.databaseUrl,
    logger,
    timeoutMs: config.databaseTimeoutMs,
  });
  registerSpanMetrics(registry, tracing);
  const feed = new ChangeFeed({ connectionString: config.databaseUrl, logger });
  const directory = new Directory({ database, feed });
  const watcher = new ReceiptWatcher(database);
  const uses = createKeyUses({ database, intervalMs: keyUsesIntervalMs });
  const budget = new BodyBudget(config.bodiesInFlightBytes);
  let stopping = false;
  const readiness = createReadiness({ database, feed, queue, isStopping: () => stopping });
  const access = new AccessControl(directory, new Authenticator(directory), uses);
  const sink = new RecordSink(queue, database);
  const keyLimits = new KeyLimits({ ...config.keyLimits, batchRecords: config.limits.batchRecords });
  const metrics = apiMetrics(registry, {
    bodyBytes: () => budget.held,
    receiptWaiters: () => watcher.waiters,
    changeFeedLive: () => feed.live,
    queueOpen: () => queue.problem() === null,
    caches: directory.caches,
  });
  // Spans and quotas belong to whole requests, which the fast lane does not make.
  const fastLane = tracing === null && keyLimits.off;
  const app = createApp({
    fastLane,
    access,
    budget,
    keyLimits,
    limits: config.limits,
    sink,
    watcher,
    directory,
    receipts: { database, watcher, ledgerMs: config.ledgerDays * DAY_MS },
    readiness,
    apiUrl: config.apiUrl,
    logger,
    tracing,
    metrics,
  });
  const onFailure = (error: ApiError, requestId: string) => app.logFailure(error, { requestId, span: null });
  const lane = { access, budget, sink, metrics, maxRecordBytes: config.limits.recordBytes, onFailure };
  const http = createHttpServer(app, { ...config, fastLane: fastLane ? lane : null });
  return {
    server: http.server,
    readiness,
    start: () => feed.start(),
    async drain() {
      stopping = true;
      app.windDown();
      watcher.close();
      await http.drain(config.drainMs);
    },
    async close() {
      await uses.close();
      await feed.close();
      await database.close();
    },
  };
}
