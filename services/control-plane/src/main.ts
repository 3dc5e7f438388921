import { readFileSync } from 'node:fs';
import { startTracing } from '@loguro/telemetry';
import { ConfigError, installShutdown, logCrashes, loggerOptions, startFailure } from '@loguro/types/operations';
import { pino } from 'pino';
import { loadConfig } from './config.js';
import { startControlPlane } from './control-plane.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

try {
  const config = loadConfig(process.env);
  const logger = pino(loggerOptions('control-plane', config.logLevel));
  logCrashes(logger);
  const log = (message: string, fields: object) => logger.warn(fields, message);
  const tracing = await startTracing(config.tracing, { service: 'control-plane', log });
  // Before anything is open there is nothing to close: a signal while waiting for the database just ends it.
  const exit = () => process.exit(0);
  process.once('SIGTERM', exit).once('SIGINT', exit);
  const { port, opsPort, steps } = await startControlPlane(config, version, logger, tracing);
  process.off('SIGTERM', exit).off('SIGINT', exit);
  installShutdown({
    steps: [...steps, { name: 'send traces', run: () => tracing?.shutdown() }],
    deadlineMs: config.shutdownMs,
    log: (message, fields) => logger.info(fields, message),
  });
  logger.info({ host: config.host, port, opsPort }, 'listening');
} catch (error) {
  // A sentence for what an operator can mend; of what nobody foresaw, also where it came from.
  const foreseen = error instanceof ConfigError || (error instanceof Error && error.name === 'SecretKeyError');
  if (foreseen) console.error(startFailure(error));
  else pino(loggerOptions('control-plane', 'fatal')).fatal({ err: error }, 'the control plane could not start');
  process.exit(1);
}
