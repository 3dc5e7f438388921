import { closeSync, openSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  canEnter,
  initialiseCluster,
  type ProcessIdentity,
  startPostgresServer,
  unprivilegedUser,
} from '@loguro/servers';
import type { DataFolder } from './data-folder.js';
import { createElsewhere } from './relocated-cluster.js';
import type { RunningProcess } from './supervised-process.js';

/** Made for a laptop's few users: small, and durable, as production is. */
const SETTINGS = { max_connections: '100', shared_buffers: '128MB', max_wal_size: '1GB' };

/**
 * Makes the database cluster of a data folder.
 *
 * @returns where it was put instead, when PostgreSQL's user can't reach the data folder
 */
export async function createCluster(
  { path, postgres }: DataFolder,
  { password, signal }: { password: string; signal: AbortSignal },
): Promise<string | undefined> {
  const user = unprivilegedUser();
  if (user === undefined || canEnter(user, path)) {
    await initialiseCluster({ folder: postgres, password, signal });
    return undefined;
  }
  const elsewhere = await createElsewhere(path, (folder) => initialiseCluster({ folder, password, signal }));
  rmSync(postgres, { force: true });
  symlinkSync(elsewhere, postgres);
  return elsewhere;
}

/** How to start PostgreSQL on a data folder. */
export interface PostgresOptions {
  folder: DataFolder;
  port: number;
  password: string;
}

/** Starts it and returns when it answers. */
export async function startPostgres(
  { folder, port, password }: PostgresOptions,
  spawned: (identity: ProcessIdentity) => void,
): Promise<RunningProcess & { url: string }> {
  const log = openSync(join(folder.logs, 'postgres.log'), 'a', 0o600);
  try {
    const options = { folder: realpathSync(folder.postgres), port, password, log, settings: SETTINGS };
    return await startPostgresServer({ ...options, onSpawn: spawned });
  } finally {
    closeSync(log);
  }
}
