import { Redis } from 'ioredis';

/** Everything in a Redis database, as its DUMP command writes it. */
export type RedisCopy = readonly (readonly [key: Buffer, value: Buffer])[];

/** Copies a Redis database; nobody may write meanwhile. */
export function copyRedis(url: string): Promise<RedisCopy> {
  return withRedis(url, async (redis) => {
    const keys = await redis.keysBuffer('*');
    return Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key)) as Buffer] as const));
  });
}

/** Sets a Redis database back to a copy. */
export function setBackRedis(url: string, copy: RedisCopy): Promise<void> {
  return withRedis(url, async (redis) => {
    await redis.flushdb();
    for (const [key, value] of copy) await redis.restore(key, 0, value);
  });
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
