import type { Pool } from 'pg';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The control plane's metrics, in a registry of their own. */
export interface Metrics {
  registry: Registry;
  requestSeconds: Histogram<'operation' | 'method' | 'status'>;
  querySeconds: Histogram<'kind' | 'outcome'>;
  queriesRunning: Gauge<'kind'>;
  queriesWaiting: Gauge;
  queryWaitSeconds: Histogram;
  tailsOpen: Gauge;
  maintenanceRounds: Counter<'outcome'>;
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
  return { registry, requestSeconds, ...queryMetrics(registry), ...maintenanceMetrics(registry) };
}

function queryMetrics(registry: Registry) {
  return {
    querySeconds: new Histogram({
      name: 'loguro_control_query_seconds',
      help: 'Time a query took, its wait for a turn included, by kind (page, explain, stream) and by outcome: ok, client_gone, or the code of the error.',
      labelNames: ['kind', 'outcome'] as const,
      // Streams may go on for minutes.
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600],
      registers: [registry],
    }),
    queriesRunning: new Gauge({
      name: 'loguro_control_queries_running',
      help: 'Queries under way in this process, those that wait for their turn included, by kind (page, explain, stream).',
      labelNames: ['kind'] as const,
      registers: [registry],
    }),
    queriesWaiting: new Gauge({
      name: 'loguro_control_queries_waiting',
      help: 'Queries that wait for their turn, because their project runs as many as it may.',
      registers: [registry],
    }),
    queryWaitSeconds: new Histogram({
      name: 'loguro_control_query_wait_seconds',
      help: 'How long queries that had to wait for their turn did, however that ended.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    }),
    tailsOpen: new Gauge({
      name: 'loguro_control_tails_open',
      help: 'Tail requests under way in this process, those that wait for records included.',
      registers: [registry],
    }),
  };
}

function maintenanceMetrics(registry: Registry) {
  return {
    maintenanceRounds: new Counter({
      name: 'loguro_control_maintenance_rounds_total',
      help: 'Rounds of the background work on record tables, by outcome: done, skipped (another process was at it) or failed.',
      labelNames: ['outcome'] as const,
      registers: [registry],
    }),
  };
}
