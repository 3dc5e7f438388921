import { spawn } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { whenExited } from './postgres-server.js';
import { end, identify, type ProcessIdentity } from './process-identity.js';

/** Options of {@link startRedisServer}. */
export interface RedisServerOptions {
  /** The server program. */
  program: string;
  /** Its append-only files are kept here. */
  folder: string;
  /** Default: any free one. */
  port?: number;
  /** When the append-only file is synced; default `everysec`. */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** More settings, as in redis.conf. */
  settings?: Readonly<Record<string, string>>;
}

/** A running Redis server, set up as BullMQ needs it: append-only file on, nothing evicted. */
export interface RedisServer extends ProcessIdentity {
  /** Without a database number. */
  url: string;
  port: number;
  exited: Promise<string>;
  /** SIGTERM, which syncs the append-only file; SIGKILL after `graceMs` (default 5000). */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts Redis and returns when it answers.
 *
 * @throws Error when it ends instead
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: options.folder,
    save: '',
    appendonly: 'yes',
    appendfsync: options.appendfsync ?? 'everysec',
    'maxmemory-policy': 'noeviction',
    databases: '512',
    daemonize: 'no',
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(options.program, args, { stdio: 'ignore', detached: true });
  const exited = whenExited(child);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error(`Redis did not start: ${await exited}`);
  const url = `redis://127.0.0.1:${port}`;
  const outcome = await Promise.race([exited, untilItAnswers(url)]);
  if (outcome !== true) throw new Error(`Redis ended while starting (${outcome})`);
  return { ...identity, url, port, exited, stop: (graceMs = 5000) => end(identity, 'SIGTERM', graceMs) };
}

/** "LOADING" counts as not answering: the append-only file is still being read. */
async function untilItAnswers(url: string): Promise<true> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  try {
    await client.connect().catch(() => undefined);
    await client.ping();
    return true;
  } finally {
    client.disconnect();
  }
}
