import type { Pool } from 'pg';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The control plane's metrics, in a registry of their own. */
export interface Metrics {
  registry: Registry;
  requestSeconds: Histogram<'operation' | 'method' | 'status'>;
}

/** `pools` by the name their gauges carry. Call once per process: default metrics watch the whole of it. */
export function createMetrics(pools: Readonly<Record<string, Pool>>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requestSeconds = new Histogram({
    name: 'loguro_control_request_seconds',
    help: 'Time from the first byte of a request to the last of its answer, by operation of the contract.',
    labelNames: ['operation', 'method', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  new Gauge({
    name: 'loguro_control_database_connections',
    help: 'Connections of each pool: all of them, those in use, and requests that wait for one.',
    labelNames: ['pool', 'state'] as const,
    registers: [registry],
    collect() {
      for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
        this.set({ pool, state: 'open' }, totalCount);
        this.set({ pool, state: 'in_use' }, totalCount - idleCount);
        this.set({ pool, state: 'waiting' }, waitingCount);
      }
    },
  });
  return { registry, requestSeconds };
}
