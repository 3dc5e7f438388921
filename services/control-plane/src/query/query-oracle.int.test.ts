import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { QueryTarget } from './query-service.js';
import { type Data, data } from './testing/arbitrary-data.js';
import { type FullQuery, queryOf } from './testing/arbitrary-query.js';
import { evaluate } from './testing/oracle.js';
import { createQueryFixture } from './testing/record-fixture.js';

/** Datasets, and queries on each: thousands of answers, as far as the time goes. */
const DATASETS = 100;
const QUERIES = 40;
/** Datasets that are asked at the same time: while PostgreSQL answers for one, another one is evaluated. */
const LANES = 4;
const TIME_LIMIT_MS = 60_000;
/** Fewer answers than this prove too little, however slow the machine. */
const LEAST = 2000;
/** The same cases again: LOGURO_ORACLE_SEED=… */
const seed = Number(process.env.LOGURO_ORACLE_SEED ?? Math.floor(Math.random() * 2 ** 31));

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
beforeAll(async () => {
  fixture = await createQueryFixture({ poolSize: 2 * LANES, queriesPerProject: 2 * LANES, streams: 2 * LANES });
});
afterAll(() => fixture.close());

const never = new AbortController().signal;

/** All rows of an answer, page by page where it has pages. */
async function allPages(target: QueryTarget, query: FullQuery, limit: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  do {
    const page = await fixture.service.run(target, { ...query, limit, ...(cursor && { cursor }) }, never);
    expect(page.rowCount).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}

async function streamed(target: QueryTarget, query: FullQuery): Promise<Record<string, unknown>[]> {
  const { chunks } = await fixture.service.stream(target, query, 'application/x-ndjson', never);
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
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
  const inexact = new Set(select.flatMap(({ aggregate = '', as = '' }) => (COMPUTED.test(aggregate) ? [as] : [])));
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
const counts = { queries: 0, rows: 0, empty: 0, pages: 0, streams: 0, filled: 0 };

/** Asks a query in one of three ways, and compares. Groups of every other one are cut off at the size of a page. */
async function compareAnswer(target: QueryTarget, query: FullQuery, i: number, pageSize: number, some: Data) {
  const expected = evaluate(some.fields, some.records, query).rows;
  const raw =
    query.select?.every((item) => item.aggregate === undefined) &&
    query.groupBy === undefined &&
    query.having === undefined;
  const mode = i % 3 === 0 ? 'stream' : raw ? 'pages' : 'page';
  try {
    if (mode === 'page') {
      const limit = i % 2 === 0 ? pageSize : 1000;
      const answer = await fixture.service.run(target, { ...query, limit }, never);
      expectSame(answer.rows, expected.slice(0, limit), query, some);
      expect(answer.truncated ?? false).toBe(expected.length > limit);
    } else {
      const actual = mode === 'stream' ? await streamed(target, query) : await allPages(target, query, pageSize);
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
  if (mode === 'pages') counts.pages += 1;
  if (mode === 'stream') counts.streams += 1;
  if (query.fill) counts.filled += 1;
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
    const lane = fc.asyncProperty(scenario, async ([some, queries, pageSize]) => {
      const target = await fixture.dataset(some.fields, some.records);
      for (const [i, query] of queries.entries()) await compareAnswer(target, query, i, pageSize, some);
    });
    const lanes = Array.from({ length: LANES }, async (_, i) => {
      const limits = { numRuns: DATASETS / LANES, interruptAfterTimeLimit: TIME_LIMIT_MS };
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
  },
  2 * TIME_LIMIT_MS,
);
