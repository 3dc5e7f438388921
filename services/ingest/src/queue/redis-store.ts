import { INGEST_QUEUE, QUEUE_PREFIX, type StoreJob } from '@loguro/types';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { parseJobId } from './job-id.js';
import { JOB_OPTIONS, KEPT_EVENTS } from './queue-options.js';
import {
  emptySnapshot,
  type PendingState,
  type QueuePressure,
  type QueueSnapshot,
  type QueueStore,
} from './queue-store.js';

/** BullMQ's score of a prioritized job is priority × 2³² + a counter. */
const PRIORITY_UNIT = 2 ** 32;

/** Where BullMQ keeps the ids of jobs that are not done, and how to read all of one. */
const LISTS: readonly { key: string; state: PendingState; sorted: boolean }[] = [
  { key: 'wait', state: 'waiting', sorted: false },
  { key: 'paused', state: 'waiting', sorted: false },
  { key: 'prioritized', state: 'waiting', sorted: true },
  { key: 'active', state: 'active', sorted: false },
  { key: 'delayed', state: 'delayed', sorted: true },
  { key: 'failed', state: 'failed', sorted: true },
];

/**
 * All lists at one instant. A script and no MULTI: Redis refuses even reads within MULTI once it is past its
 * memory limit, which is when this is needed most.
 */
const READ_LISTS = `
  local lists = {}
  for i, key in ipairs(KEYS) do
    lists[i] = redis.call(ARGV[i] == '1' and 'ZRANGE' or 'LRANGE', key, 0, -1)
  end
  return lists`;

/** The queue in Redis, through a connection that is ready; `close` ends the connection. */
export function redisStore(redis: Redis): QueueStore {
  const queue = new Queue<StoreJob>(INGEST_QUEUE, {
    connection: redis,
    prefix: QUEUE_PREFIX,
    defaultJobOptions: JOB_OPTIONS,
    streams: { events: { maxLen: KEPT_EVENTS } },
    // The checks of ours at start say more.
    skipVersionCheck: true,
  });
  queue.on('error', () => undefined);
  const key = (name: string) => `${QUEUE_PREFIX}:${INGEST_QUEUE}:${name}`;

  return {
    kind: 'redis',
    queue,
    bulkIsAtomic: false,
    async pressure(): Promise<QueuePressure> {
      const replies = await redis
        .pipeline()
        .llen(key('wait'))
        .zcard(key('prioritized'))
        .zcard(key('delayed'))
        .zrange(key('prioritized'), 0, '0', 'WITHSCORES')
        .info('memory')
        .exec();
      const [wait, prioritized, delayed, front, memory] = (replies ?? []).map(([error, reply]) => {
        if (error !== null) throw error;
        return reply;
      }) as [number, number, number, string[], string];
      const limit = infoNumber(memory, 'maxmemory');
      return {
        waitingJobs: wait + prioritized,
        delayedJobs: delayed,
        usedBytes: infoNumber(memory, 'used_memory'),
        limitBytes: limit === 0 ? null : limit,
        front: front[1] === undefined ? 0 : Math.floor(Number(front[1]) / PRIORITY_UNIT),
      };
    },
    async snapshot() {
      const keys = LISTS.map((list) => key(list.key));
      const sorted = LISTS.map((list) => (list.sorted ? 1 : 0));
      const replies = (await redis.eval(READ_LISTS, keys.length, ...keys, ...sorted)) as string[][];
      const snapshot = emptySnapshot();
      for (const [index, { state }] of LISTS.entries()) {
        for (const id of replies[index] ?? []) count(snapshot, state, id);
      }
      return snapshot;
    },
    async close() {
      await queue.close().catch(() => undefined);
      redis.disconnect();
    },
  };
}

function count(snapshot: QueueSnapshot, state: PendingState, id: string): void {
  const total = snapshot[state];
  const size = parseJobId(id);
  total.jobs += 1;
  if (size === null) return;
  total.records += size.records;
  total.oldest = Math.min(total.oldest ?? size.queuedAt, size.queuedAt);
}

/** A number of Redis's INFO; 0 when it is not in there. */
function infoNumber(info: string, name: string): number {
  return Number(infoText(info, name) ?? 0);
}

/** A value of Redis's INFO. */
export function infoText(info: string, name: string): string | undefined {
  const start = info.indexOf(`\n${name}:`);
  if (start < 0) return undefined;
  const from = start + name.length + 2;
  const end = info.indexOf('\r', from);
  return info.slice(from, end < 0 ? undefined : end);
}
