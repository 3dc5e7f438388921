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

/** Options for `pino`, the same in every process: JSON lines, ISO time, the service's name, no secrets. */
export function loggerOptions(service: string, level: string) {
  return {
    level,
    base: { service },
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
  };
}

/** The levels `LOGURO_LOG_LEVEL` may take. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
