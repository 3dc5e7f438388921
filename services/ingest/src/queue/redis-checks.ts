import type { Redis } from 'ioredis';
import { infoText } from './redis-store.js';

/** Oldest version with everything BullMQ's scripts use. */
const MINIMUM_VERSION = [6, 2] as const;

/** What a look at Redis found: `faults` break the promise of a 202, `hints` weaken it. */
export interface RedisFindings {
  faults: string[];
  hints: string[];
}

/**
 * Looks whether Redis is set up so that a queued record stays queued. Hosted services often refuse
 * `CONFIG`; what can't be seen is left out, for INFO tells the most important part as well.
 */
export async function checkRedis(redis: Redis): Promise<RedisFindings> {
  const info = await redis.info();
  const faults: string[] = [];
  const hints: string[] = [];
  const [major = 0, minor = 0] = (infoText(info, 'redis_version') ?? '').split('.').map(Number);
  if (major < MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor < MINIMUM_VERSION[1])) {
    faults.push(
      `Redis ${infoText(info, 'redis_version')} is too old: the queue needs ${MINIMUM_VERSION.join('.')} or newer.`,
    );
  }
  const policy = infoText(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(
      `Redis evicts keys when memory is short (maxmemory-policy ${policy}), queued records among them: set "maxmemory-policy noeviction".`,
    );
  }
  if (infoText(info, 'aof_enabled') === '0') {
    faults.push('Redis keeps no append-only file, so a restart loses queued records: set "appendonly yes".');
  } else if ((await setting(redis, 'appendfsync')) === 'no') {
    faults.push('Redis leaves it to the system when to write its file (appendfsync no): set "appendfsync always".');
  } else if ((await setting(redis, 'appendfsync')) === 'everysec') {
    hints.push(
      'Redis writes its file to disk once a second (appendfsync everysec): a power failure, or a kill at the wrong moment, can lose the last second of accepted records. Set "appendfsync always" to rule that out.',
    );
  }
  return { faults, hints };
}

/** A configuration value, or undefined when the server does not let us see it. */
async function setting(redis: Redis, name: string): Promise<string | undefined> {
  try {
    const reply = (await redis.config('GET', name)) as string[];
    return reply[1];
  } catch {
    return undefined;
  }
}
