import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findRedis, freePort, startPostgresServer, startRedisServer } from '@loguro/servers';
import type { Environment } from '@loguro/types/operations';
import { createCluster, FORGETFUL, PASSWORD } from './cluster-image.js';
import { noteServer } from './run-folder.js';

/** The servers of a run. */
export interface RunServers {
  postgresUrl: string;
  redisUrl: string;
  redisProgram: string;
}

/** Options of {@link startServers}. */
export interface ServerOptions {
  runFolder: string;
  env: Environment;
  say: (line: string) => void;
}

/** Starts one PostgreSQL with the migrated template, and one Redis unless `LOGURO_TEST_REDIS_URL` names one. */
export async function startServers({ runFolder, env, say }: ServerOptions): Promise<RunServers> {
  const redisProgram = findRedis({ path: env.PATH ?? '/usr/bin', say });
  const [postgresUrl, redisUrl] = await Promise.all([
    startPostgres(runFolder),
    env.LOGURO_TEST_REDIS_URL ?? startRedis(runFolder, redisProgram),
  ]);
  return { postgresUrl, redisUrl: redisUrl.replace(/\/+$/, ''), redisProgram };
}

async function startPostgres(runFolder: string): Promise<string> {
  const folder = join(runFolder, 'postgres');
  await createCluster({ runFolder, folder });
  const server = await startPostgresServer({
    folder,
    port: await freePort(),
    password: PASSWORD,
    log: 'ignore',
    settings: { ...FORGETFUL, max_connections: '200', shared_buffers: '128MB' },
  });
  noteServer(runFolder, server);
  return server.url;
}

async function startRedis(runFolder: string, program: string): Promise<string> {
  const folder = join(runFolder, 'redis');
  mkdirSync(folder);
  const server = await startRedisServer({ program, folder });
  noteServer(runFolder, server);
  return server.url;
}
