import { Pool } from 'pg';

/** A probe that has heard nothing after this has failed, in milliseconds. */
export const PROBE_TIMEOUT_MS = 1000;

/**
 * One connection for readiness alone. All connections of a working pool in use is load, not an outage: a process that
 * called itself not ready for it would hand its share to the next one, until none is left.
 */
export function createProbePool(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'loguro-probe',
    max: 1,
    connectionTimeoutMillis: PROBE_TIMEOUT_MS,
    // A connection that fell silent is given up, and the next probe makes a new one.
    query_timeout: PROBE_TIMEOUT_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  return pool;
}
