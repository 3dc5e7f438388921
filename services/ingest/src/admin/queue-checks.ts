import { type Check, ConfigReader, type Environment } from '@loguro/types/operations';
import { QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { isRedisUrl, openQueueStore } from '../queue/open-queue-store.js';
import type { QueueSnapshot } from '../queue/queue-store.js';
import { checkRedis } from '../queue/redis-checks.js';
import { producerConnection } from '../queue/redis-connection.js';
import { infoText } from '../queue/redis-store.js';

/** How long a command may take, in milliseconds: an operator waits longer than a request does. */
const TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 3000;
/** What waits longer has no worker that comes by, in milliseconds. */
const LAG_WARNING_MS = 10_000;
const LAG_FAULT_MS = 60_000;
/** Share of Redis' memory past which it is soon full. */
const MEMORY_WARNING = 0.7;

/** The queue as `doctor` sees it. */
export interface QueueFindings {
  checks: Check[];
  /** How far Redis' clock is ahead of this one, in milliseconds; null where it is not Redis. */
  skewMs: number | null;
}

/** Looks at the queue; null when `LOGURO_QUEUE_URL` is not set. Changes nothing. @throws ConfigError */
export async function checkQueue(env: Environment): Promise<QueueFindings | null> {
  const reader = new ConfigReader(env);
  if (reader.optionalText('LOGURO_QUEUE_URL') === undefined) return null;
  const url = reader.url('LOGURO_QUEUE_URL', ['redis:', 'rediss:', 'postgres:', 'postgresql:'], 'the jobs are there');
  reader.done();
  try {
    const redis = isRedisUrl(url) ? await lookAtRedis(url) : { checks: [], skewMs: null };
    return { checks: [...redis.checks, ...(await lookAtJobs(url))], skewMs: redis.skewMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { checks: [{ name: 'queue', state: 'failed', sentence: reason }], skewMs: null };
  }
}

async function lookAtRedis(url: string): Promise<QueueFindings> {
  const redis = producerConnection(url, START_TIMEOUT_MS);
  try {
    await redis.connect();
    const before = Date.now();
    const [seconds, microseconds] = (await redis.time()).map(Number) as [number, number];
    const skewMs = Math.round(seconds * 1000 + microseconds / 1000 - (before + Date.now()) / 2);
    const { faults, hints } = await checkRedis(redis);
    const info = await redis.info();
    const checks: Check[] = [
      { name: 'queue', state: 'ok', sentence: `Redis ${infoText(info, 'redis_version')} answers.` },
      ...faults.map((sentence): Check => ({ name: 'redis policy', state: 'failed', sentence })),
      ...hints.map((sentence): Check => ({ name: 'redis policy', state: 'warning', sentence })),
      memoryCheck(Number(infoText(info, 'used_memory')), Number(infoText(info, 'maxmemory'))),
    ];
    if (faults.length + hints.length === 0) {
      checks.splice(1, 0, { name: 'redis policy', state: 'ok', sentence: 'A queued record stays queued.' });
    }
    return { checks, skewMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The queue (Redis, LOGURO_QUEUE_URL) can't be reached: ${reason}`, { cause: error });
  } finally {
    redis.disconnect();
  }
}

function memoryCheck(used: number, most: number): Check {
  const name = 'redis memory';
  if (most === 0) {
    const sentence = 'Redis has no memory limit of its own (maxmemory 0): LOGURO_QUEUE_MAX_BYTES is the only one.';
    return { name, state: 'ok', sentence };
  }
  const sentence = `Redis uses ${Math.round((100 * used) / most)} % of its memory.`;
  return { name, state: used < most * MEMORY_WARNING ? 'ok' : 'warning', sentence };
}

async function lookAtJobs(url: string): Promise<Check[]> {
  const store = await openQueueStore({
    ...QUEUE_DEFAULTS,
    url,
    timeoutMs: TIMEOUT_MS,
    startTimeoutMs: START_TIMEOUT_MS,
    redisPolicy: 'warn',
    logger: { warn: () => undefined },
  });
  try {
    const snapshot = await store.snapshot();
    const queue: Check = { name: 'queue', state: 'ok', sentence: 'PostgreSQL is the queue, and answers.' };
    return [...(store.kind === 'postgres' ? [queue] : []), lagCheck(snapshot, Date.now()), failedCheck(snapshot)];
  } finally {
    await store.close();
  }
}

/** How long the oldest accepted record has been waiting to be stored. */
function lagCheck(snapshot: QueueSnapshot, now: number): Check {
  const name = 'worker lag';
  const states = [snapshot.waiting, snapshot.active, snapshot.delayed];
  const records = states.reduce((sum, state) => sum + state.records, 0);
  const oldest = Math.min(...states.map((state) => state.oldest ?? Number.POSITIVE_INFINITY));
  if (oldest === Number.POSITIVE_INFINITY) return { name, state: 'ok', sentence: 'Nothing waits to be stored.' };
  const lagMs = Math.max(0, now - oldest);
  const sentence = `${records} accepted records wait to be stored, the oldest for ${(lagMs / 1000).toFixed(1)} s.`;
  if (lagMs < LAG_WARNING_MS) return { name, state: 'ok', sentence };
  if (lagMs < LAG_FAULT_MS) return { name, state: 'warning', sentence };
  return { name, state: 'failed', sentence: `${sentence} Does an ingest worker run, and can it write?` };
}

function failedCheck({ failed }: QueueSnapshot): Check {
  const name = 'failed jobs';
  if (failed.jobs === 0) return { name, state: 'ok', sentence: 'No job was given up.' };
  const sentence = `${failed.jobs} jobs with ${failed.records} records were given up: see "failed list", then "failed replay".`;
  return { name, state: 'warning', sentence };
}
