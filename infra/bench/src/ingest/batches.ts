import { join } from 'node:path';
import { runLoad } from '../load/run-load.js';
import { type Figure, median, rangeOf } from '../report.js';
import { residentMb } from '../server-process.js';
import { measureCopy, writeRows } from './copy-floor.js';
import { obviousEnv } from './obvious-env.js';
import { countRows, emptyObviousQueue } from './obvious-queue.js';
import { untilDrained } from './queue-tools.js';
import { httpRequest, record } from './rows.js';
import { type Service, startService } from './service.js';
import type { IngestStack } from './stack.js';

const BATCH = 500;
const CONNECTIONS = 16;
const FLOOR_ROWS = 600_000;
/** Before what is measured, and as many after it. */
const FLOOR_RUNS = 3;
/** How long the load is sustained, and how many records go through at least. */
const SUSTAIN_MS = Number(process.env.LOGURO_BENCH_SUSTAIN_MS ?? 60_000);
const RECORDS = Number(process.env.LOGURO_BENCH_RECORDS ?? 5_000_000);
const OBVIOUS_MS = 10_000;

/** Batches of 500, accepted and committed, sustained; and what the processes' memory does meanwhile. */
export async function measureBatches(stack: IngestStack, say: (line: string) => void): Promise<Figure[]> {
  const file = join(stack.folder, 'floor.copy');
  writeRows(file, FLOOR_ROWS);
  const floors: number[] = [];
  const measureFloor = async () => {
    for (let run = 0; run < FLOOR_RUNS; run += 1) {
      floors.push(await measureCopy(stack.ownerUrl, stack.table, file, FLOOR_ROWS));
    }
    say(`floor: ${median(floors).toFixed(0)} rows/s`);
  };
  await measureFloor();
  const body = JSON.stringify(Array.from({ length: BATCH }, (_, index) => record(index)));
  const request = httpRequest(`/datasets/${stack.dataset}/batch`, stack.key, body);
  const ours = await sustain(stack, request, say);
  // Once more: a machine is not as fast after a minute as it was before it.
  await measureFloor();
  const obvious = await obviousBatches(stack, request);
  say(`the obvious build committed ${obvious.windows[0]?.toFixed(0)} rows/s`);
  const to = (values: number[]) => values.map((value) => value / median(floors));
  const [rate, other] = [to(ours.windows), to(obvious.windows)];
  return [
    {
      what: 'batches of 500, accepted and committed, rows/s to COPY alone',
      value: median(rate),
      unit: '×',
      range: rangeOf(rate),
      reach: { atLeast: 0.55 },
    },
    { what: 'the same, the obvious build', value: other[0] ?? 0, unit: '×' },
    {
      what: `largest API process while ${ours.records} records went through`,
      value: ours.apiMb,
      unit: 'MB',
      reach: { atMost: 300 },
    },
    { what: 'largest worker process meanwhile', value: ours.workerMb, unit: 'MB', reach: { atMost: 300 } },
    { what: `the obvious build's API after ${OBVIOUS_MS / 1000} s`, value: obvious.apiMb, unit: 'MB' },
    { what: 'its worker', value: obvious.workerMb, unit: 'MB' },
  ];
}

interface Sustained {
  records: number;
  /** Committed rows per second, in windows of ten seconds. */
  windows: number[];
  apiMb: number;
  workerMb: number;
}

async function sustain(stack: IngestStack, request: string, say: (line: string) => void): Promise<Sustained> {
  const api = await stack.startApi('everysec');
  const worker = await stack.startWorker('everysec');
  const memory = watchMemory({ api, worker });
  const result: Sustained = { records: 0, windows: [], apiMb: 0, workerMb: 0 };
  const before = await stack.stored();
  const started = performance.now();
  const WINDOW_MS = 10_000;
  while (performance.now() - started < SUSTAIN_MS || result.records < RECORDS) {
    const at = performance.now();
    const from = await stack.stored();
    const { perSecond } = await runLoad({
      host: '127.0.0.1',
      port: api.port,
      connections: CONNECTIONS,
      request,
      warmupMs: 0,
      measureMs: WINDOW_MS,
    });
    const committed = (await stack.stored()) - from;
    result.windows.push((committed / (performance.now() - at)) * 1000);
    result.records = (await stack.stored()) - before;
    say(
      `accepted ${(perSecond * BATCH).toFixed(0)}/s, committed ${result.windows.at(-1)?.toFixed(0)}/s, so far ${result.records}`,
    );
  }
  await untilDrained(stack, 'everysec');
  Object.assign(result, memory.stop());
  await api.stop();
  await worker.stop();
  await stack.truncate();
  return result;
}

function watchMemory({ api, worker }: { api: Service; worker: Service }) {
  const largest = { apiMb: 0, workerMb: 0 };
  const timer = setInterval(() => {
    largest.apiMb = Math.max(largest.apiMb, residentMb(api.pid));
    largest.workerMb = Math.max(largest.workerMb, residentMb(worker.pid));
  }, 250);
  return {
    stop() {
      clearInterval(timer);
      return largest;
    },
  };
}

async function obviousBatches(stack: IngestStack, request: string): Promise<Sustained> {
  const env = await obviousEnv(stack);
  const api = await startService('obvious api', env);
  const worker = await startService('obvious worker', env);
  const memory = watchMemory({ api, worker });
  const load = { host: '127.0.0.1', port: api.port, connections: CONNECTIONS, request };
  await runLoad({ ...load, warmupMs: 1000, measureMs: OBVIOUS_MS });
  const records = await countRows(stack);
  const result = { records, windows: [records / ((OBVIOUS_MS + 1000) / 1000)], ...memory.stop() };
  await api.stop();
  await worker.stop();
  await emptyObviousQueue(stack);
  await stack.truncate();
  return result;
}
