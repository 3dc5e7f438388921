import { startTracing } from '@loguro/telemetry';
import { installShutdown, logCrashes, loggerOptions, startFailure, startOpsServer } from '@loguro/types/operations';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { openIngestQueue } from '../queue/open-ingest-queue.js';
import { loadConfig } from './config.js';
import { createIngestApi } from './ingest-api.js';

/** Connections that may wait to be accepted; bursts of clients must not be turned away by the kernel. */
const BACKLOG = 4096;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = pino(loggerOptions('ingest-api', config.logLevel));
  logCrashes(logger);
  const log = (message: string, fields: object) => logger.warn(fields, message);
  const tracing = await startTracing(config.tracing, { service: 'ingest-api', log });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { queueUrl: url, redisPolicy, queueLimits } = config;
  const queue = await openIngestQueue({ url, redisPolicy, ...queueLimits, logger, registry, tracing });
  const api = createIngestApi({ config, logger, registry, queue, tracing });
  await api.start();
  const ops = await startOpsServer({
    host: config.host,
    port: config.opsPort,
    readiness: api.readiness,
    metrics: () => registry.metrics(),
  });
  await new Promise<void>((resolve, reject) => {
    api.server.once('error', reject);
    api.server.listen(config.port, config.host, BACKLOG, resolve);
  });
  installShutdown({
    deadlineMs: config.shutdownTimeoutMs,
    log: (message, fields) => logger.info(fields, message),
    steps: [
      // First all requests get their answers; then the queue can have nothing left to flush but what they gave it.
      { name: 'drain', run: () => api.drain() },
      { name: 'queue', run: () => queue.close() },
      { name: 'database', run: () => api.close() },
      { name: 'send traces', run: () => tracing?.shutdown() },
      // Last, so that probes and metrics still see a process that stops.
      { name: 'ops', run: () => new Promise((resolve) => ops.close(resolve)) },
    ],
  });
  logger.info({ address: api.server.address(), opsAddress: ops.address() }, 'listening');
}

main().catch((error: unknown) => {
  console.error(startFailure(error));
  process.exit(1);
});
