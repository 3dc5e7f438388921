import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findRedis,
  freePort,
  giveTo,
  initialiseCluster,
  startPostgresServer,
  startRedisServer,
  unprivilegedUser,
  withClient,
  withUrl,
} from '@loguro/servers';

/** A PostgreSQL and a Redis that nobody else uses. */
export interface Servers {
  /** An empty database, as its owner. */
  ownerUrl: string;
  redisUrl: string;
  /** Ends both and deletes their data. */
  stop(): Promise<void>;
}

const PASSWORD = 'two-releases';

/** Starts both on new data. @throws Error when one can't be started */
export async function startServers(say: (sentence: string) => void): Promise<Servers> {
  const parent = mkdtempSync(join(tmpdir(), 'loguro-servers-'));
  const undo = [async () => rmSync(parent, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    // PostgreSQL's user has to get through.
    chmodSync(parent, 0o711);
    const [postgresFolder, redisFolder] = [join(parent, 'postgres'), join(parent, 'redis')];
    mkdirSync(postgresFolder);
    mkdirSync(redisFolder);
    giveTo(unprivilegedUser(), postgresFolder);
    const folder = join(postgresFolder, 'data');
    await initialiseCluster({ folder, password: PASSWORD, durable: false });
    const settings = { max_connections: '200' };
    const port = await freePort();
    const postgres = await startPostgresServer({ folder, port, password: PASSWORD, log: 'ignore', settings });
    undo.push(() => postgres.stop());
    const program = findRedis({ path: process.env.PATH ?? '', say });
    const redis = await startRedisServer({ program, folder: redisFolder });
    undo.push(() => redis.stop());
    await withClient(postgres.url, (client) => client.query('CREATE DATABASE loguro'));
    return { ownerUrl: withUrl(postgres.url, { database: 'loguro' }), redisUrl: redis.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
