import { startTracing } from '@loguro/telemetry';
import { ConfigError, installShutdown, logCrashes, loggerOptions, startOpsServer } from '@loguro/types/operations';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { loadWorkerConfig, type WorkerConfig } from './config.js';
import { createWorker } from './create-worker.js';

/** What a stop may take beyond LOGURO_WORKER_DRAIN_MS, in milliseconds. */
const STOP_GRACE_MS = 10_000;

function configOrExit(): WorkerConfig {
  try {
    return loadWorkerConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const config = configOrExit();
const logger = pino(loggerOptions('ingest-worker', config.logLevel));
logCrashes(logger);
const registry = new Registry();
collectDefaultMetrics({ register: registry });

try {
  const log = (message: string, fields: object) => logger.warn(fields, message);
  const tracing = await startTracing(config.tracing, { service: 'ingest-worker', log });
  const worker = await createWorker({ config, logger, registry, tracing, onHopeless: () => process.exit(1) });
  const ops = await startOpsServer({
    host: config.host,
    port: config.opsPort,
    readiness: () => worker.problems(),
    metrics: async () => {
      // Without the queue the process's own figures are still worth having.
      await worker.observeQueue().catch(() => undefined);
      return registry.metrics();
    },
  });
  installShutdown({
    steps: [
      { name: 'finish the jobs in hand', run: () => worker.stop() },
      { name: 'send traces', run: () => tracing?.shutdown() },
      { name: 'close the internal port', run: () => ops.close() },
    ],
    deadlineMs: config.drainMs + STOP_GRACE_MS,
    log: (message, fields) => logger.info(fields, message),
  });
  logger.info({ worker: worker.id, opsAddress: ops.address() }, 'storing');
} catch (error) {
  logger.fatal({ err: error }, 'the worker could not start');
  process.exit(1);
}
