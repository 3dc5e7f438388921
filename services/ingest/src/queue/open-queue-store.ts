import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { postgresStore } from './postgres-store.js';
import type { QueueLimits } from './queue-monitor.js';
import type { QueueStore } from './queue-store.js';
import { checkRedis } from './redis-checks.js';
import { producerConnection } from './redis-connection.js';
import { redisStore } from './redis-store.js';

/** What a Redis that may lose records does: stop us, or be warned of in the log. */
export type RedisPolicy = 'refuse' | 'warn';
export const REDIS_POLICIES = ['refuse', 'warn'] as const;

/** Options of {@link openQueueStore}. */
export interface QueueStoreOptions {
  url: string;
  logger: Pick<Logger, 'warn'>;
  redisPolicy: RedisPolicy;
  /** Of one command or statement. */
  timeoutMs: number;
  /** Of reaching the queue for the first time. */
  startTimeoutMs: number;
  /** The mark on waiting jobs. More are not counted where counting is not free. */
  maxWaitingJobs: QueueLimits['maxWaitingJobs'];
}

/** Between two attempts to reach the queue at start, in milliseconds. */
const START_RETRY_MS = 250;
/** Connections of one process to a queue in PostgreSQL. */
const POSTGRES_CONNECTIONS = 2;

/** Whether a queue URL names Redis; otherwise it names PostgreSQL. */
export function isRedisUrl(url: string): boolean {
  return /^rediss?:/.test(url);
}

/**
 * Connects to the queue and checks it.
 *
 * @throws Error with a sentence for the operator
 */
export function openQueueStore(options: QueueStoreOptions): Promise<QueueStore> {
  return isRedisUrl(options.url) ? openRedis(options) : openPostgres(options);
}

async function openRedis(options: QueueStoreOptions): Promise<QueueStore> {
  const redis = producerConnection(options.url, options.timeoutMs);
  try {
    await reach('Redis', options, () => connect(redis));
    await applyPolicy(redis, options);
    return redisStore(redis);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

async function openPostgres(options: QueueStoreOptions): Promise<QueueStore> {
  const { url, timeoutMs, maxWaitingJobs } = options;
  return reach('PostgreSQL', options, async () => {
    const store = postgresStore({ url, timeoutMs, connections: POSTGRES_CONNECTIONS, maxWaitingJobs });
    try {
      // BullMQ remembers a first failure for good, so each attempt is a new store.
      await store.queue.waitUntilReady();
      await store.pressure();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  });
}

async function connect(redis: Redis): Promise<void> {
  if (redis.status === 'wait' || redis.status === 'end') await redis.connect();
  await redis.ping();
}

async function reach<T>(name: string, options: QueueStoreOptions, attempt: () => Promise<T>): Promise<T> {
  const { startTimeoutMs, logger } = options;
  const deadline = Date.now() + startTimeoutMs;
  let told = false;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() + START_RETRY_MS > deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`The queue (${name}, LOGURO_QUEUE_URL) can't be reached: ${reason}`, { cause: error });
      }
      if (!told) logger.warn({ err: error }, 'the queue can not be reached yet; trying on');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS));
    }
  }
}

async function applyPolicy(redis: Redis, { redisPolicy, logger }: QueueStoreOptions): Promise<void> {
  const { faults, hints } = await checkRedis(redis);
  for (const hint of hints) logger.warn(hint);
  if (faults.length === 0) return;
  if (redisPolicy === 'warn') {
    for (const fault of faults) logger.warn(fault);
    return;
  }
  throw new Error(
    `${faults.join(' ')} With LOGURO_REDIS_POLICY=warn the service starts all the same, and may lose accepted records.`,
  );
}
