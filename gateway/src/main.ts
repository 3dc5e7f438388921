import { startTracing } from '@loguro/telemetry';
import { installShutdown, logCrashes, loggerOptions, startFailure, startOpsServer } from '@loguro/types/operations';
import { pino } from 'pino';
import { loadConfig } from './config.js';
import { createGateway } from './gateway.js';

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = pino(loggerOptions('gateway', config.logLevel));
  logCrashes(logger);
  const log = (message: string, fields: object) => logger.warn(fields, message);
  const tracing = await startTracing(config.tracing, { service: 'gateway', log });
  const gateway = createGateway(config, logger, tracing);
  await new Promise<void>((resolve, reject) => {
    gateway.server.once('error', reject);
    gateway.server.listen(config.port, config.host, 4096, resolve);
  });
  const ops = await startOpsServer({
    host: config.host,
    port: config.opsPort,
    readiness: () => gateway.readiness(),
    metrics: () => gateway.metrics(),
  });
  installShutdown({
    deadlineMs: config.shutdownTimeoutMs,
    log: (message, fields) => logger.info(fields, message),
    steps: [
      { name: 'drain', run: () => gateway.drain() },
      { name: 'send traces', run: () => tracing?.shutdown() },
      // Last, so that probes and metrics still see a draining gateway.
      { name: 'ops', run: () => new Promise((resolve) => ops.close(resolve)) },
    ],
  });
  const { controlHosts, ingestHosts, controlUpstreams, ingestUpstreams } = config;
  const address = gateway.server.address();
  const opsAddress = ops.address();
  logger.info({ address, opsAddress, controlHosts, ingestHosts, controlUpstreams, ingestUpstreams }, 'listening');
}

main().catch((error: unknown) => {
  console.error(startFailure(error));
  process.exit(1);
});
