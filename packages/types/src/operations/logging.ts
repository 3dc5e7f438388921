import { loggableError, loggableMessage } from './loggable-error.js';
import { REDACTED, scrubSecrets } from './scrub-secrets.js';

/** Paths pino must never print: wherever a request, an error or a configuration is logged whole. */
const REDACTED_PATHS = [
  'authorization',
  '*.authorization',
  '*.*.authorization',
  'headers.cookie',
  '*.headers.cookie',
  'secret',
  '*.secret',
  'password',
  '*.password',
  'connectionString',
  '*.connectionString',
];

/**
 * Options for `pino`, the same in every process: JSON lines, ISO time, the service's name, no secrets. Three nets, one
 * under the other: errors are reduced to what may be told of them, fields that hold secrets are left out by name, and
 * whatever still looks like a credential is struck from the finished line.
 */
export function loggerOptions(service: string, level: string) {
  return {
    level,
    base: { service },
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: loggableError },
    redact: { paths: REDACTED_PATHS, censor: REDACTED },
    hooks: { streamWrite: scrubSecrets },
  };
}

/** The levels `LOGURO_LOG_LEVEL` may take. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** Where {@link logCrashes} reports to: pino, as far as it is needed. */
export interface CrashLog {
  fatal(fields: object, message: string): void;
}

/**
 * Has an error that nobody caught logged like any other before it ends the process. Node itself would print it with
 * everything that hangs on it.
 */
export function logCrashes(log: CrashLog, exit: (code: number) => void = process.exit): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody caught ends the process');
    exit(1);
  });
}

/** Why a process could not start, in a sentence for whoever started it, without secrets. */
export function startFailure(error: unknown): string {
  return error instanceof Error && error.name === 'ConfigError' ? scrubSecrets(error.message) : loggableMessage(error);
}
