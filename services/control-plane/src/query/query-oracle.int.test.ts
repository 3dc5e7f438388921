import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Data, data } from './testing/arbitrary-data.js';
import { type FullQuery, queryOf } from './testing/arbitrary-query.js';
import { type Asked, type Asker, askApi, askService } from './testing/asker.js';
import { csvRows } from './testing/csv-rows.js';
import { evaluate } from './testing/oracle.js';
import { nameOf } from './testing/oracle-values.js';

/** Datasets, and queries on each: thousands of answers, as far as the time goes. Over HTTP they take four times as long. */
const DATASETS = 72;
const DATASETS_OVER_HTTP = 8;
const QUERIES = 40;
/** Datasets that are asked at the same time: while PostgreSQL answers for one, another one is evaluated. One over HTTP. */
const LANES = 4;
const TIME_LIMIT_MS = 60_000;
/** Fewer answers than this prove too little, however slow the machine. */
const LEAST = 2000;
/** The same cases again: LOGURO_ORACLE_SEED=… */
const seed = Number(process.env.LOGURO_ORACLE_SEED ?? Math.floor(Math.random() * 2 ** 31));

let askers: Asker[];
beforeAll(async () => {
  const [api, service] = await Promise.all([askApi(), askService(LANES - 1)]);
  askers = Array.from({ length: LANES }, (_, i) => (i === 0 ? api : service));
});
afterAll(() => Promise.all([...new Set(askers)].map((asker) => asker.close())));

/** All rows of an answer, page by page where it has pages. */
async function allPages(asked: Asked, query: FullQuery, limit: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  do {
    const page = await asked.page({ ...query, limit, ...(cursor && { cursor }) });
    expect(page.rowCount).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}

type Rows = Record<string, unknown>[];

async function streamed(asked: Asked, query: FullQuery): Promise<Rows> {
  const text = await asked.text(query, 'application/x-ndjson');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What PostgreSQL computes by adding up, or by going part of the way between two numbers. */
const COMPUTED = /^(sum|avg|p\d\d)$/;

/**
 * Sums of doubles depend on the order of additions, which PostgreSQL does not fix: they may differ in the last
 * digits, in proportion to the largest numbers added. Everything else is the same or wrong.
 */
function expectSame(
  actual: Record<string, unknown>[],
  expected: Record<string, unknown>[],
  { select = [] }: FullQuery,
  { wild, records }: Data,
) {
  // Says nothing, but takes a hundredth of the time.
  if (isDeepStrictEqual(actual, expected)) return;
  if (!wild) expect(actual).toEqual(expected);
  const inexact = new Set(select.flatMap((item) => (COMPUTED.test(item.aggregate ?? '') ? [nameOf(item)] : [])));
  const numbers = records.flatMap((record) => Object.values(record).filter((value) => typeof value === 'number'));
  const tolerance = Math.max(0, ...numbers.map(Math.abs)) * 80 * Number.EPSILON;
  const near = (value: unknown, wanted: unknown) =>
    typeof value === 'number' && typeof wanted === 'number' && Math.abs(value - wanted) <= tolerance;
  const adjusted = actual.map((row, i) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const wanted = expected[i]?.[name];
        return [name, inexact.has(name) && near(value, wanted) ? wanted : value];
      }),
    ),
  );
  expect(adjusted).toEqual(expected);
}

/** What was asked, for the report and against generators that ask nothing of interest. */
const counts = { queries: 0, rows: 0, empty: 0, pages: 0, ndjson: 0, csv: 0, http: 0, filled: 0, renamed: 0 };

/** Asks a query in one of four ways, and compares. Groups of every other one are cut off at the size of a page. */
async function compareAnswer(asked: Asked, query: FullQuery, i: number, pageSize: number, some: Data) {
  const expected = evaluate(some.fields, some.records, query).rows;
  const raw =
    query.select?.every((item) => item.aggregate === undefined) &&
    query.groupBy === undefined &&
    query.having === undefined;
  const mode = i % 6 === 0 ? 'csv' : i % 6 === 3 ? 'ndjson' : raw ? 'pages' : 'page';
  try {
    if (mode === 'page') {
      const limit = i % 2 === 0 ? pageSize : 1000;
      const answer = await asked.page({ ...query, limit });
      expectSame(answer.rows, expected.slice(0, limit), query, some);
      expect(answer.truncated ?? false).toBe(expected.length > limit);
    } else if (mode === 'csv') {
      expectSame(csvRows(await asked.text(query, 'text/csv'), expected), expected, query, some);
    } else {
      const actual = mode === 'ndjson' ? await streamed(asked, query) : await allPages(asked, query, pageSize);
      expectSame(actual, expected, query, some);
    }
  } catch (error) {
    throw new Error(`${mode} ${pageSize}: ${JSON.stringify(query)} on ${JSON.stringify(some)}`, {
      cause: error,
    });
  }
  counts.queries += 1;
  counts.rows += expected.length;
  if (expected.length === 0) counts.empty += 1;
  if (mode !== 'page') counts[mode] += 1;
  if (query.fill) counts.filled += 1;
  if (query.select?.some(({ as = '' }) => Object.hasOwn(some.fields, as))) counts.renamed += 1;
}

const scenario = data.chain((some) =>
  fc.tuple(
    fc.constant(some),
    fc.array(queryOf(some), { minLength: QUERIES, maxLength: QUERIES }),
    fc.integer({ min: 8, max: 40 }),
  ),
);

test(
  `answers are those of an independent evaluator (seed ${seed})`,
  async () => {
    const lanes = askers.map(async (asker, i) => {
      const lane = fc.asyncProperty(scenario, async ([some, queries, pageSize]) => {
        const asked = await asker.dataset(some.fields, some.records);
        for (const [at, query] of queries.entries()) await compareAnswer(asked, query, at, pageSize, some);
        if (i === 0) counts.http += queries.length;
      });
      const numRuns = i === 0 ? DATASETS_OVER_HTTP : DATASETS / (LANES - 1);
      const limits = { numRuns, interruptAfterTimeLimit: TIME_LIMIT_MS };
      // A counterexample is one query and small data already; shrinking all the others takes minutes.
      const outcome = await fc.check(lane, { seed: seed + i, endOnFailure: true, ...limits });
      // The report of fc.assert would bury it under the other queries.
      if (outcome.failed) throw outcome.errorInstance;
    });
    await Promise.all(lanes);
    console.info(`oracle: seed ${seed}, ${JSON.stringify(counts)}`);
    expect(counts.queries).toBeGreaterThan(LEAST);
    expect(counts.empty).toBeLessThan(counts.queries / 2);
    expect(counts.filled).toBeGreaterThan(counts.queries / 200);
    expect(counts.http).toBeGreaterThan(counts.queries / 20);
    expect(counts.csv).toBeGreaterThan(counts.queries / 10);
    expect(counts.renamed).toBeGreaterThan(counts.queries / 20);
  },
  2 * TIME_LIMIT_MS,
);
