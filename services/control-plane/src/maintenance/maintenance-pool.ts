import { Pool } from 'pg';

/** Options of {@link createMaintenancePool}. */
export interface MaintenancePoolOptions {
  /** Logs in as loguro_control, which owns the record tables. */
  url: string;
  /** How long to wait for a connection to be made, in milliseconds. */
  connectTimeoutMs: number;
  /** Told of idle connections that broke; nothing needs to be done about them. */
  onConnectionLost: (error: Error) => void;
}

/**
 * One connection for the record maintenance, whose statements take as long as they take: a VACUUM may run for hours. Those of
 * requests are given up on our side, too, after some seconds. A server that is gone is found out by the keep-alive of TCP.
 */
export function createMaintenancePool({ url, connectTimeoutMs, onConnectionLost }: MaintenancePoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'loguro-maintenance',
    max: 1,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  pool.on('error', onConnectionLost);
  return pool;
}
