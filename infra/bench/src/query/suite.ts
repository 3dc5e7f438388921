import { createQueryPool } from '@loguro/control-plane/query/query-pool';
import { createQueryService } from '@loguro/control-plane/query/query-service';
import { Client } from 'pg';
import { interleave, ratio } from '../ingest/compare.js';
import { type Figure, median, rangeOf, reached, type Suite } from '../report.js';
import { DAYS, FIELDS } from './dataset.js';
import { type Duck, openDuck } from './duck.js';
import { askHttp } from './http-client.js';
import { measureIsolation } from './isolation.js';
import { type Question, questions } from './questions.js';
import { type QueryStack, startQueryStack } from './stack.js';

const ROWS = Number(process.env.LOGURO_BENCH_QUERY_ROWS ?? 5_000_000);
/**
 * A short question is asked so many times before, or for so long: a process that has just started runs code that is not
 * compiled yet. After 300 requests one took more than twice what it took after 2000.
 */
const WARM_UP = { runs: 2000, ms: 10_000 };
/** Where 30 % of the floor is less, HTTP may take so many milliseconds longer. */
const HTTP_MS = 3;
/** Runs of a question behind one value: short ones are over before the clock has said much. */
const RUNS = 5;
const LEAST_MS = 300;
const MOST_RUNS = 60;
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
        return [...(await compareQuestions(stack, duck, say)), ...(await isolation(stack, say))];
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
    const contendersOf = (question: Question) => {
      const ask = {
        'by hand': () => hand.query(question.sql, question.values),
        service: () => service.run(target, question.query, new AbortController().signal),
        HTTP: () => askHttp(stack, question),
        DuckDB: () => duck.ask(question.duck),
      };
      return Object.entries(ask).map(([name, run]) => ({ name, run, measure: () => time(run) }));
    };
    const all = questions(stack.table, range, ROWS / (DAYS * 86_400));
    say('warming up');
    const short = contendersOf(all.find(({ name }) => name === 'newest 100') as Question);
    for (const { run } of short) await warmUp(run);
    for (const question of all) {
      say(question.name);
      const contenders = contendersOf(question);
      for (const { measure } of contenders) await measure();
      figures.push(...toFigures(question, await interleave(contenders, 'ms', say)));
    }
  } finally {
    await hand.end();
    await close();
  }
  return figures;
}

async function warmUp(run: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + WARM_UP.ms;
  for (let i = 0; i < WARM_UP.runs && performance.now() < until; i += 1) await run();
}

function toFigures({ name }: Question, values: (contender: string) => number[]): Figure[] {
  const floor = values('by hand');
  const overHttp = ratio(`${name}: HTTP through the gateway`, values('HTTP'), floor, { atMost: 1.3 });
  const longer = values('HTTP').map((value, round) => value - (floor[round] as number));
  return [
    { what: `${name}: by hand`, value: median(floor), unit: 'ms' },
    ratio(`${name}: query service`, values('service'), floor, { atMost: 1.1 }),
    ...(reached(overHttp) || 0.3 * median(floor) > HTTP_MS
      ? [overHttp]
      : [
          {
            what: `${name}: HTTP through the gateway, longer than by hand`,
            value: median(longer),
            unit: 'ms',
            range: rangeOf(longer),
            reach: { atMost: HTTP_MS },
          },
        ]),
    ratio(`${name}: DuckDB`, values('DuckDB'), floor),
  ];
}

async function isolation(stack: QueryStack, say: (line: string) => void): Promise<Figure[]> {
  const { service, close } = openService(stack);
  try {
    return await measureIsolation(stack, service, say);
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

/** The median of some runs, of short ones more, in milliseconds. */
async function time(run: () => Promise<unknown>): Promise<number> {
  const values: number[] = [];
  const until = performance.now() + LEAST_MS;
  while (values.length < RUNS || (performance.now() < until && values.length < MOST_RUNS)) {
    const started = performance.now();
    await run();
    values.push(performance.now() - started);
  }
  return median(values);
}
