import type { Environment } from '@loguro/types/operations';
import { type Database, openDatabase } from '../database/database.js';
import { loadDatabaseUrl } from './config.js';

/** Runs the work of a command on the control plane's database, and disconnects. */
export async function withDatabase<T>(env: Environment, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({
    url: loadDatabaseUrl(env),
    poolSize: 1,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 10_000,
  });
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}
