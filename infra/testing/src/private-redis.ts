import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisServer, signal, startRedisServer } from '@loguro/servers';
import { testSetting } from './config.js';
import { forgetServer, noteServer } from './run-folder.js';

/** A Redis server of one test's own, to be killed; its append-only file is on. */
export interface PrivateRedis {
  /** Works as `LOGURO_QUEUE_URL`; stays the same over restarts. */
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Signals the server; returns when it is gone (but for SIGSTOP and SIGCONT). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it, if it runs, and starts it again on the same port and data; returns when it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Options of {@link startRedis}. */
export interface PrivateRedisOptions {
  /** Default `everysec`. */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** More settings, as in redis.conf: `{ maxmemory: '50mb' }`. */
  settings?: Record<string, string>;
}

/** Starts a Redis server with an empty append-only file. */
export async function startRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const runFolder = testSetting('runFolder');
  const folder = mkdtempSync(join(runFolder, 'redis-'));
  const start = async (port?: number) => {
    const program = testSetting('redisProgram');
    const started = await startRedisServer({ program, folder, ...(port !== undefined && { port }), ...options });
    noteServer(runFolder, started);
    return started;
  };
  let server: RedisServer = await start();
  const end = async () => {
    await server.stop();
    forgetServer(runFolder, server.pid);
  };
  return {
    get url() {
      return server.url;
    },
    get pid() {
      return server.pid;
    },
    async kill(name) {
      signal(server, name);
      if (name !== 'SIGSTOP' && name !== 'SIGCONT') await server.exited;
    },
    async restart() {
      await end();
      server = await start(server.port);
    },
    async stop() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
