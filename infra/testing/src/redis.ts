import { Redis } from 'ioredis';
import { testSetting } from './config.js';

/** A Redis database number of one test's own. */
export interface TestRedis {
  /** Works as `LOGURO_QUEUE_URL`. */
  url: string;
  /** Empties it. */
  flush(): Promise<void>;
  /** Empties it and gives the number back. */
  drop(): Promise<void>;
}

/** Database 0 holds who has which number. */
const CLAIM = 'loguro-test:database:';

/**
 * An own, empty database of the run's Redis server.
 *
 * @throws Error when all are taken
 */
export async function createTestRedis(): Promise<TestRedis> {
  const base = testSetting('redisUrl');
  const number = await withRedis(base, claim);
  const url = `${base}/${number}`;
  const flush = () => withRedis(url, async (client) => void (await client.flushdb()));
  await flush();
  return {
    url,
    flush,
    async drop() {
      await flush();
      await withRedis(base, async (client) => void (await client.del(`${CLAIM}${number}`)));
    },
  };
}

/** The claims that no test has given back. */
export function claimedDatabases(redisUrl: string): Promise<string[]> {
  return withRedis(redisUrl, (client) => client.keys(`${CLAIM}*`));
}

async function claim(client: Redis): Promise<number> {
  const [, databases] = (await client.config('GET', 'databases')) as [string, string];
  for (let number = 1; number < Number(databases); number += 1) {
    if ((await client.set(`${CLAIM}${number}`, process.pid, 'NX')) === 'OK') return number;
  }
  throw new Error(`all ${databases} databases of the test Redis are taken; did tests end without drop()?`);
}

async function withRedis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { maxRetriesPerRequest: 3 });
  client.on('error', () => undefined);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}
