import { Redis, type RedisOptions } from 'ioredis';

/** Longest pause between two attempts to connect, in milliseconds. */
const RECONNECT_MS = 1000;
/** A connection that has been silent for this long is probed by the kernel, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

const common = {
  replyMapping: 'legacy',
  lazyConnect: true,
  keepAlive: KEEP_ALIVE_MS,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MS),
  // Default 10 s gives up on a server that is still loading a large append-only file.
  maxLoadingRetryTime: 1000,
  // A primary that was made a replica keeps its connections: the new one is behind the same address, for new connections
  // only. `true`, not 2: the command that was refused fails, and is not sent again behind its caller's back.
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
} satisfies RedisOptions;

/**
 * The connection of a producer: every command fails within `timeoutMs`, also when Redis hangs or the
 * network swallows packets, and nothing is kept for later, so that memory stays flat while Redis is away.
 */
export function producerConnection(url: string, timeoutMs: number): Redis {
  return quiet(
    new Redis(url, {
      ...common,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      // Gives up on the connection as well, for a half-open one would fail every later command too.
      socketTimeout: timeoutMs + 250,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    }),
  );
}

/**
 * Longer than the longest blocking read of a worker (10 s), so that silence past it means a dead
 * connection, in milliseconds.
 */
const WORKER_SILENCE_MS = 15_000;

/** The connection of a worker: commands wait for Redis to return; BullMQ duplicates it for blocking reads. */
export function workerConnection(url: string): Redis {
  return quiet(
    new Redis(url, { ...common, connectTimeout: 5000, socketTimeout: WORKER_SILENCE_MS, maxRetriesPerRequest: null }),
  );
}

/** Connection errors reach whoever awaits a command; without a listener ioredis would print them as well. */
function quiet(redis: Redis): Redis {
  return redis.on('error', () => undefined);
}
