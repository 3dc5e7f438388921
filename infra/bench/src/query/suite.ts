import { createQueryPool } from '@loguro/control-plane/query/query-pool';
import { createQueryService } from '@loguro/control-plane/query/query-service';
import { Client } from 'pg';
import { interleave, ratio } from '../ingest/compare.js';
import { type Figure, median, type Suite } from '../report.js';
import { DAYS, FIELDS } from './dataset.js';
import { type Duck, openDuck } from './duck.js';
import { type Question, questions } from './questions.js';
import { type QueryStack, startQueryStack } from './stack.js';

const ROWS = Number(process.env.LOGURO_BENCH_QUERY_ROWS ?? 5_000_000);
/** Runs of a question behind one value: short ones are over before the clock has said much. */
const RUNS = 5;
const TIMEOUT_MS = 120_000;
const WEEK_MS = 7 * 86_400_000;

/** Queries against SQL written by hand, against the same through HTTP, and against a columnar database. */
export const querySuite: Suite = {
  name: 'query',
  title: `Queries on ${ROWS.toLocaleString('en')} rows over ${DAYS} days, as multiples of the time of hand-written SQL`,
  async run(say) {
    const stack = await startQueryStack(ROWS, say);
    try {
      say('copying the rows into DuckDB');
      const duck = await openDuck(stack.ownerUrl, stack.table, stack.folder);
      try {
        return [...(await compareQuestions(stack, duck, say)), await measureNeighbour(stack, say)];
      } finally {
        duck.close();
      }
    } finally {
      await stack.close();
    }
  },
};

async function compareQuestions(stack: QueryStack, duck: Duck, say: (line: string) => void): Promise<Figure[]> {
  const range = { from: new Date(Date.parse(stack.end) - WEEK_MS).toISOString(), to: stack.end };
  const hand = new Client({ connectionString: stack.queryUrl });
  await hand.connect();
  // The same settings as the service's sessions, so that it is the statements that are compared.
  await hand.query(`SET work_mem = '32MB'; SET jit = off`);
  const { service, close } = openService(stack);
  const target = { id: stack.dataset, projectId: 1, fields: FIELDS };
  const figures: Figure[] = [];
  try {
    for (const question of questions(stack.table, range, ROWS / (DAYS * 86_400))) {
      say(question.name);
      const contenders = [
        { name: 'by hand', measure: () => time(() => hand.query(question.sql, question.values)) },
        {
          name: 'service',
          measure: () => time(() => service.run(target, question.query, new AbortController().signal)),
        },
        { name: 'HTTP', measure: () => time(() => askHttp(stack, question)) },
        { name: 'DuckDB', measure: () => time(() => duck.ask(question.duck)) },
      ];
      for (const { measure } of contenders) await measure();
      figures.push(...toFigures(question, await interleave(contenders, 'ms', say)));
    }
  } finally {
    await hand.end();
    await close();
  }
  return figures;
}

function toFigures({ name }: Question, values: (contender: string) => number[]): Figure[] {
  const floor = values('by hand');
  // A short question may take up to 3 ms more over HTTP.
  const overHttp = Math.max(1.3, (median(floor) + 3) / median(floor));
  return [
    { what: `${name}: by hand`, value: median(floor), unit: 'ms' },
    ratio(`${name}: query service`, values('service'), floor, { atMost: 1.1 }),
    ratio(`${name}: HTTP through the gateway`, values('HTTP'), floor, { atMost: overHttp }),
    ratio(`${name}: DuckDB`, values('DuckDB'), floor),
  ];
}

/** How much longer another project's short question takes while one project runs as many heavy ones as it may. */
async function measureNeighbour(stack: QueryStack, say: (line: string) => void): Promise<Figure> {
  say('one project runs heavy queries, another asks for its newest rows');
  const { service, close } = openService(stack);
  const never = new AbortController().signal;
  const target = (projectId: number) => ({ id: stack.dataset, projectId, fields: FIELDS });
  const short = () => service.run(target(2), { select: [{ field: 'country' }], limit: 100 }, never);
  const samples = async () => {
    const values: number[] = [];
    for (let i = 0; i < 40; i += 1) values.push(await time(short, 1));
    return median(values);
  };
  try {
    await samples();
    const alone = await samples();
    const heavy = new AbortController();
    const all = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T00:00:00Z' };
    const running = [1, 2, 3, 4].map(() =>
      service
        .run(target(1), { range: all, groupBy: ['country', 'signup_at'], limit: 1 }, heavy.signal)
        .catch(() => undefined),
    );
    const beside = await samples();
    heavy.abort();
    await Promise.all(running);
    return { what: 'newest 100 of a project beside another one’s heavy queries', value: beside / alone, unit: '×' };
  } finally {
    await close();
  }
}

function openService(stack: QueryStack) {
  const sessions = { poolSize: 6, connectTimeoutMs: 5000, statementTimeoutMs: TIMEOUT_MS };
  const pool = createQueryPool({ url: stack.queryUrl, ...sessions });
  const service = createQueryService({ pool, statementTimeoutMs: TIMEOUT_MS });
  const close = async () => {
    await service.close();
    await pool.end();
  };
  return { service, close };
}

async function askHttp({ endpoint, pat }: QueryStack, { query }: Question): Promise<void> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(query),
  });
  if (!answer.ok) throw new Error(`the query answered ${answer.status}: ${await answer.text()}`);
  await answer.json();
}

/** The median of some runs, in milliseconds. */
async function time(run: () => Promise<unknown>, runs = RUNS): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < runs; i += 1) {
    const started = performance.now();
    await run();
    values.push(performance.now() - started);
  }
  return median(values);
}
