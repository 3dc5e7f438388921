import { readFileSync } from 'node:fs';
import { loadConfig as loadControlPlane } from '@loguro/control-plane/config';
import { loadConfig as loadGateway } from '@loguro/gateway';
import { loadConfig as loadIngestApi } from '@loguro/ingest/dist/api/config.js';
import { loadWorkerConfig } from '@loguro/ingest/dist/worker/config.js';

/** Variables as a process finds them. */
export type Environment = Record<string, string>;

/** What an image runs, seen through the configuration it reads. */
export interface Process {
  /** The image's target, the compose service, the Kubernetes deployment. */
  name: string;
  /** Its own loader. @throws Error that names the variables at fault */
  load: (env: Environment) => { opsPort: number; port?: number; tracing: { url: string } | null };
  /** How long it may take to stop by its configuration, in milliseconds. */
  stopMs: (env: Environment) => number;
}

/** What the worker's main.ts adds to its drain, in milliseconds. */
function workerStopGraceMs(): number {
  const main = new URL('../../../services/ingest/src/worker/main.ts', import.meta.url);
  const [, digits] = /STOP_GRACE_MS = ([\d_]+)/.exec(readFileSync(main, 'utf8')) ?? [];
  if (digits === undefined) throw new Error(`${main.pathname} names no STOP_GRACE_MS.`);
  return Number(digits.replaceAll('_', ''));
}

/** The four processes of an installation. */
export const PROCESSES: readonly Process[] = [
  { name: 'gateway', load: loadGateway, stopMs: (env) => loadGateway(env).shutdownTimeoutMs },
  { name: 'control-plane', load: loadControlPlane, stopMs: (env) => loadControlPlane(env).shutdownMs },
  { name: 'ingest-api', load: loadIngestApi, stopMs: (env) => loadIngestApi(env).shutdownTimeoutMs },
  {
    name: 'ingest-worker',
    load: loadWorkerConfig,
    stopMs: (env) => loadWorkerConfig(env).drainMs + workerStopGraceMs(),
  },
];
