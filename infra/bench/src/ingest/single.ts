import { startBareServer } from '../gateway/setup.js';
import { runLoad } from '../load/run-load.js';
import { type Figure, median } from '../report.js';
import { interleave, ratio } from './compare.js';
import { obviousEnv } from './obvious-env.js';
import { emptyObviousQueue } from './obvious-queue.js';
import { untilDrained } from './queue-tools.js';
import { httpRequest, record } from './rows.js';
import { type Service, startService } from './service.js';
import type { IngestStack, QueueKind } from './stack.js';

/**
 * A durable 202 waits for a round trip to the queue, and connections that all wait leave processors idle: so many are
 * needed for what is measured to be the highest rate. Half as many are measured, too.
 */
const CONNECTIONS = 128;
const FEW_CONNECTIONS = 64;
/** A worker that has just started compiles what it runs, on the cores that it shares with what is measured. */
const TIMES = { warmupMs: 4_000, measureMs: 4_000 };
/** A tail is decided by the slowest hundredth, which would be all of that. */
const TAIL_TIMES = { warmupMs: 5_000, measureMs: 5_000 };

/** Single-record POSTs at the ingest API directly, as ratios to the bare server. */
export async function measureSingle(stack: IngestStack, say: (line: string) => void): Promise<Figure[]> {
  const request = httpRequest(`/datasets/${stack.dataset}`, stack.key, JSON.stringify(record(1)));
  const bare = await startBareServer();
  const apis = {
    everysec: await stack.startApi('everysec'),
    always: await stack.startApi('always'),
    postgres: await stack.startApi('postgres'),
  };
  const obvious = {
    everysec: await startService('obvious api', await obviousEnv(stack)),
    always: await startService('obvious api', await obviousEnv(stack, 'always')),
  };
  const load = (port: number, ratePerSecond?: number, connections = CONNECTIONS) =>
    runLoad({
      host: '127.0.0.1',
      port,
      connections,
      request,
      ...(ratePerSecond === undefined ? TIMES : { ...TAIL_TIMES, ratePerSecond }),
    });
  const beside = async (kind: QueueKind, rate?: number, connections?: number) => {
    const worker = await stack.startWorker(kind);
    const result = await load(apis[kind].port, rate, connections);
    await drained(stack, kind, worker);
    return result;
  };
  const held = async (rate?: number) => {
    const result = await load(apis.everysec.port, rate);
    await drained(stack, 'everysec', await stack.startWorker('everysec'));
    return result;
  };
  const obviously = async (kind: 'everysec' | 'always', rate?: number) => {
    const result = await load(obvious[kind].port, rate);
    await emptyObviousQueue(stack, kind);
    return result;
  };
  try {
    const seen = await interleave(
      [
        { name: 'bare', measure: async () => (await load(bare.port)).perSecond },
        { name: 'worker beside', measure: async () => (await beside('everysec')).perSecond },
        { name: 'few', measure: async () => (await beside('everysec', undefined, FEW_CONNECTIONS)).perSecond },
        { name: 'bare, few', measure: async () => (await load(bare.port, undefined, FEW_CONNECTIONS)).perSecond },
        { name: 'worker held', measure: async () => (await held()).perSecond },
        { name: 'always', measure: async () => (await beside('always')).perSecond },
        { name: 'PostgreSQL queue', measure: async () => (await beside('postgres')).perSecond },
        { name: 'obvious', measure: async () => (await obviously('everysec')).perSecond },
        { name: 'obvious, always', measure: async () => (await obviously('always')).perSecond },
      ],
      'requests/s',
      say,
    );
    const half = Math.round(median(seen('worker beside')) / 2);
    const itsHalf = Math.round(median(seen('obvious')) / 2);
    const late = await interleave(
      [
        { name: 'bare', measure: async () => (await load(bare.port, half)).p99 },
        { name: 'worker beside', measure: async () => (await beside('everysec', half)).p99 },
        { name: 'worker held', measure: async () => (await held(half)).p99 },
        { name: 'bare, slower', measure: async () => (await load(bare.port, itsHalf)).p99 },
        { name: 'obvious', measure: async () => (await obviously('everysec', itsHalf)).p99 },
      ],
      `ms at the 99th percentile, ${half} requests/s, the obvious build ${itsHalf}`,
      say,
    );
    const floor = seen('bare');
    const to = 'requests/s to the bare server';
    return [
      ratio(`single POST, worker beside it, ${to}`, seen('worker beside'), floor, { atLeast: 0.5 }),
      ratio(`the same over ${FEW_CONNECTIONS} connections instead of ${CONNECTIONS}`, seen('few'), seen('bare, few')),
      ratio(`single POST, worker held, ${to}`, seen('worker held'), floor, { atLeast: 0.75 }),
      ratio(`single POST, the obvious build, no worker, ${to}`, seen('obvious'), floor),
      ratio('single POST, appendfsync always to everysec', seen('always'), seen('worker beside'), { atLeast: 0.85 }),
      ratio('the same, the obvious build', seen('obvious, always'), seen('obvious')),
      ratio(`single POST, PostgreSQL queue, ${to}`, seen('PostgreSQL queue'), floor),
      ratio('99th percentile at half load, to the bare server', late('worker beside'), late('bare'), { atMost: 3 }),
      ratio('the same, worker held', late('worker held'), late('bare')),
      ratio('the same, the obvious build at half of its own rate', late('obvious'), late('bare, slower')),
    ];
  } finally {
    await Promise.all([bare, ...Object.values(obvious), ...Object.values(apis)].map((service) => service.stop()));
  }
}

/** Leaves nothing behind for the next measurement. */
async function drained(stack: IngestStack, kind: QueueKind, worker: Service): Promise<void> {
  await untilDrained(stack, kind);
  await worker.stop();
  await stack.truncate();
}
