import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withUrl } from '@loguro/servers';
import type { LocalConfig } from './config.js';
import type { ChildName } from './local-file.js';
import type { Secrets } from './secrets.js';

/** The ports of one run: the gateway's is public, the others are whatever was free. */
export interface Ports {
  gateway: number;
  postgres: number;
  controlPlane: number;
  ingestApi: number;
  ops: Record<ServiceName, number>;
}

export type ServiceName = Exclude<ChildName, 'postgres'>;

/** One of our processes. */
export interface Service {
  name: ServiceName;
  /** For people, and for the name of its log file. */
  title: string;
  program: string;
  env: Record<string, string>;
}

/** The services' database, on the embedded PostgreSQL. */
export const DATABASE = 'loguro';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Public base URLs on a port. */
export function publicUrls(port: number): { apiUrl: string; ingestUrl: string } {
  return { apiUrl: `http://localhost:${port}`, ingestUrl: `http://ingest.localhost:${port}` };
}

/** The four services, each with the environment it needs and nothing of another's. */
export function servicesOf(config: LocalConfig, ports: Ports, secrets: Secrets): Service[] {
  const base = `postgres://127.0.0.1:${ports.postgres}/${DATABASE}`;
  const as = (user: string, password: string) => withUrl(base, { user, password });
  const ingestDatabase = as('loguro_ingest', secrets.ingestPassword);
  const { apiUrl, ingestUrl } = publicUrls(ports.gateway);
  const ingest = { LOGURO_DATABASE_URL: ingestDatabase, LOGURO_QUEUE_URL: config.queueUrl ?? ingestDatabase };
  const service = (name: ServiceName, title: string, program: string, env: Record<string, string>): Service => ({
    name,
    title,
    program: join(ROOT, program),
    env: {
      ...(config.inherited as Record<string, string>),
      LOGURO_HOST: '127.0.0.1',
      LOGURO_OPS_PORT: String(ports.ops[name]),
      LOGURO_API_URL: apiUrl,
      LOGURO_INGEST_URL: ingestUrl,
      ...env,
    },
  });
  return [
    service('controlPlane', 'control-plane', 'services/control-plane/dist/main.js', {
      LOGURO_PORT: String(ports.controlPlane),
      LOGURO_DATABASE_URL: as('loguro_control', secrets.controlPassword),
      LOGURO_QUERY_DATABASE_URL: as('loguro_query', secrets.queryPassword),
      LOGURO_SECRET_KEY: secrets.secretKey,
    }),
    service('ingestApi', 'ingest-api', 'services/ingest/dist/api/main.js', {
      LOGURO_PORT: String(ports.ingestApi),
      ...ingest,
    }),
    service('ingestWorker', 'ingest-worker', 'services/ingest/dist/worker/main.js', ingest),
    service('gateway', 'gateway', 'gateway/dist/main.js', {
      LOGURO_HOST: config.host,
      LOGURO_PORT: String(ports.gateway),
      LOGURO_CONTROL_UPSTREAM: `http://127.0.0.1:${ports.controlPlane}`,
      LOGURO_INGEST_UPSTREAM: `http://127.0.0.1:${ports.ingestApi}`,
      // Nobody waits behind a load balancer here: Ctrl-C should be quick.
      LOGURO_DRAIN_GRACE_MS: config.inherited.LOGURO_DRAIN_GRACE_MS ?? '50',
    }),
  ];
}
