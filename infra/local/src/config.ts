import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigReader, type Environment } from '@loguro/types/operations';

/** How to run the stack. */
export interface LocalConfig {
  /** Absolute. */
  dataFolder: string;
  /** Of the gateway; 0: any free one. */
  port: number;
  /** The address the gateway listens on. */
  host: string;
  /** A queue of the user's own; undefined: the embedded PostgreSQL. */
  queueUrl: string | undefined;
  /** What else is set, for the services' own options such as `LOGURO_LOG_LEVEL`. */
  inherited: Environment;
}

/** Every process gets its own values of these; what the surroundings say about them is for another one. */
const PER_PROCESS = [
  'LOGURO_HOST',
  'LOGURO_PORT',
  'LOGURO_OPS_PORT',
  'LOGURO_API_URL',
  'LOGURO_INGEST_URL',
  'LOGURO_CONTROL_HOSTS',
  'LOGURO_INGEST_HOSTS',
  'LOGURO_CONTROL_UPSTREAM',
  'LOGURO_INGEST_UPSTREAM',
  'LOGURO_DATABASE_URL',
  'LOGURO_QUERY_DATABASE_URL',
  'LOGURO_MIGRATE_DATABASE_URL',
  'LOGURO_CONTROL_PASSWORD',
  'LOGURO_QUERY_PASSWORD',
  'LOGURO_INGEST_PASSWORD',
  'LOGURO_SECRET_KEY',
  'LOGURO_QUEUE_URL',
  'LOGURO_DATA_DIR',
];

/** Where the stack keeps everything unless `LOGURO_DATA_DIR` says otherwise: `.loguro` in the repository. */
export function defaultDataFolder(): string {
  return fileURLToPath(new URL('../../../.loguro', import.meta.url));
}

/**
 * Reads the configuration of the local stack.
 *
 * @throws ConfigError naming every variable that is wrong
 */
export function loadConfig(env: Environment, cwd: string): LocalConfig {
  const reader = new ConfigReader(env);
  const queues = ['redis:', 'rediss:', 'postgres:', 'postgresql:'];
  const config: LocalConfig = {
    dataFolder: resolve(cwd, reader.text('LOGURO_DATA_DIR', 'where the data is kept', defaultDataFolder())),
    port: reader.integer('LOGURO_PORT', 8080, { min: 0, max: 65_535 }),
    host: reader.text('LOGURO_HOST', 'the address to listen on', '127.0.0.1'),
    queueUrl:
      reader.optionalText('LOGURO_QUEUE_URL') === undefined
        ? undefined
        : reader.url('LOGURO_QUEUE_URL', queues, 'it names the queue'),
    inherited: Object.fromEntries(Object.entries(env).filter(([name]) => !PER_PROCESS.includes(name))),
  };
  reader.done();
  return config;
}
