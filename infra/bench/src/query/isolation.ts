import { setTimeout as pause } from 'node:timers/promises';
import type { QueryService } from '@loguro/control-plane/query/query-service';
import { interleave, ratio } from '../ingest/compare.js';
import { drain } from '../ingest/drain.js';
import { untilDrained } from '../ingest/queue-tools.js';
import { runLoad } from '../load/run-load.js';
import { type Figure, median } from '../report.js';
import { FIELDS } from './dataset.js';
import { type IngestSide, startIngestSide } from './ingest-side.js';
import type { QueryStack } from './stack.js';

/** As many as a project may run at once. */
const HEAVY = 4;
const ROWS = 150_000;
const CONNECTIONS = 16;
const TIMES = { warmupMs: 500, measureMs: 2_500 };
/** A steady rate that one machine takes easily. */
const STEADY = Number(process.env.LOGURO_BENCH_STEADY_RATE ?? 500);
const LOOKS = 40;

/** What ingest, and another project's short query, keep of their speed while a project runs all the heavy queries it may. */
export async function measureIsolation(
  stack: QueryStack,
  service: QueryService,
  say: (line: string) => void,
): Promise<Figure[]> {
  const side = await startIngestSide(stack, say);
  const kinds = {
    requests: () => singlePosts(side, undefined, 'perSecond'),
    late: () => singlePosts(side, STEADY, 'p99'),
    rows: () => drain(side, 'everysec', ROWS, 1),
    look: () => newestRows(stack, service),
  };
  const compare = (kind: keyof typeof kinds, unit: string) =>
    interleave(
      [
        { name: 'alone', measure: kinds[kind] },
        { name: 'beside', measure: () => besideHeavyQueries(stack, kinds[kind]) },
      ],
      unit,
      say,
    );
  try {
    say(`${HEAVY} heavy queries of one project beside`);
    await newestRows(stack, service);
    const requests = await compare('requests', 'requests/s, single posts, worker beside');
    const late = await compare('late', `ms at the 99th percentile, ${STEADY} posts/s`);
    const rows = await compare('rows', 'rows/s, drain');
    const look = await compare('look', 'ms, newest 100 of another project');
    const what = (name: string) => `beside ${HEAVY} heavy queries: ${name}`;
    return [
      ratio(what('single posts/s, to alone'), requests('beside'), requests('alone')),
      { what: what(`p99 at ${STEADY} posts/s`), value: median(late('beside')), unit: 'ms' },
      { what: `alone: p99 at ${STEADY} posts/s`, value: median(late('alone')), unit: 'ms' },
      ratio(what('drain, to alone'), rows('beside'), rows('alone')),
      ratio(what('another project’s newest 100, to alone'), look('beside'), look('alone')),
      { what: what('another project’s newest 100'), value: median(look('beside')), unit: 'ms' },
    ];
  } finally {
    await side.close();
  }
}

async function singlePosts(side: IngestSide, ratePerSecond: number | undefined, figure: 'perSecond' | 'p99') {
  const worker = await side.startWorker('everysec');
  const load = { host: '127.0.0.1', port: side.api.port, connections: CONNECTIONS, request: side.request, ...TIMES };
  const result = await runLoad({ ...load, ...(ratePerSecond !== undefined && { ratePerSecond }) });
  await untilDrained(side, 'everysec');
  await worker.stop();
  await side.truncate();
  return result[figure];
}

async function newestRows({ dataset }: QueryStack, service: QueryService): Promise<number> {
  const target = { id: dataset, projectId: 2, fields: FIELDS };
  const values: number[] = [];
  for (let i = 0; i < LOOKS; i += 1) {
    const started = performance.now();
    await service.run(target, { select: [{ field: 'country' }], limit: 100 }, new AbortController().signal);
    values.push(performance.now() - started);
  }
  return median(values);
}

/** Keeps as many heavy queries running, through HTTP, as a project may, while something is measured. */
async function besideHeavyQueries(stack: QueryStack, measure: () => Promise<number>): Promise<number> {
  const over = new AbortController();
  const all = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T00:00:00Z' };
  const body = JSON.stringify({ range: all, groupBy: ['country', 'signup_at'], limit: 1 });
  const headers = { Authorization: `Bearer ${stack.pat}`, 'Content-Type': 'application/json' };
  const keepAsking = async () => {
    while (!over.signal.aborted) {
      const answer = await fetch(stack.endpoint, { method: 'POST', headers, body, signal: over.signal });
      if (!answer.ok) throw new Error(`a heavy query answered ${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  };
  const asking = Array.from({ length: HEAVY }, () => keepAsking().catch((error) => failureOf(error, over.signal)));
  // Until all of them are past planning.
  await pause(500);
  const value = await measure();
  over.abort();
  const failures = (await Promise.all(asking)).filter((failure) => failure !== undefined);
  if (failures.length > 0) throw failures[0];
  return value;
}

function failureOf(error: unknown, over: AbortSignal): unknown {
  return over.aborted ? undefined : error;
}
