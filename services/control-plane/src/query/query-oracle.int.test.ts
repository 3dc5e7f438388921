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
const TIME_LIMIT_MS = 75_000;
/** Fewer answers than this prove too little, however slow the machine. */
const LEAST = 400;
/** The same cases again: LOGURO_ORACLE_SEED=… */
const seed = Number(process.env.LOGURO_ORACLE_SEED ?? Math.floor(Math.random() * 2 ** 31));

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
beforeAll(async () => {
  fixture = await createQueryFixture();
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

/**
 * Sums of doubles depend on the order of additions, which PostgreSQL does not fix: they may differ in the last
 * digits, in proportion to the largest numbers added. Everything else is the same or wrong.
 */
function expectSame(actual: Record<string, unknown>[], expected: Record<string, unknown>[], { wild, records }: Data) {
  if (!wild) return expect(actual).toEqual(expected);
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(
    0,
    ...records.flatMap((record) =>
      Object.values(record).map((value) => (typeof value === 'number' ? Math.abs(value) : 0)),
    ),
  );
  actual.forEach((row, i) => {
    for (const [name, value] of Object.entries(expected[i] ?? {})) {
      const got = row[name];
      if (typeof value !== 'number' || typeof got !== 'number') expect(got).toEqual(value);
      else expect(Math.abs(got - value)).toBeLessThanOrEqual(largest * 80 * Number.EPSILON);
    }
  });
}

test(
  `answers are those of an independent evaluator (seed ${seed})`,
  async () => {
    const counts = { queries: 0, rows: 0, empty: 0, pages: 0, streams: 0, filled: 0 };
    const scenario = data.chain((some) =>
      fc.tuple(
        fc.constant(some),
        fc.array(queryOf(some), { minLength: QUERIES, maxLength: QUERIES }),
        fc.integer({ min: 8, max: 40 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(scenario, async ([some, queries, pageSize]) => {
        const target = await fixture.dataset(some.fields, some.records);
        for (const [i, query] of queries.entries()) {
          const expected = evaluate(some.fields, some.records, query);
          const raw =
            query.select?.every((item) => item.aggregate === undefined) &&
            query.groupBy === undefined &&
            query.having === undefined;
          const mode = i % 3 === 0 ? 'stream' : raw ? 'pages' : 'page';
          try {
            const actual =
              mode === 'stream' ? await streamed(target, query) : await allPages(target, query, raw ? pageSize : 1000);
            expectSame(actual, mode === 'page' ? expected.rows.slice(0, 1000) : expected.rows, some);
          } catch (error) {
            throw new Error(`${mode} ${pageSize}: ${JSON.stringify(query)} on ${JSON.stringify(some.fields)}`, {
              cause: error,
            });
          }
          counts.queries += 1;
          counts.rows += expected.rows.length;
          if (expected.rows.length === 0) counts.empty += 1;
          if (mode === 'pages') counts.pages += 1;
          if (mode === 'stream') counts.streams += 1;
          if (query.fill) counts.filled += 1;
        }
      }),
      // A counterexample is one query and small data already; shrinking all the others takes minutes.
      { seed, numRuns: DATASETS, endOnFailure: true, interruptAfterTimeLimit: TIME_LIMIT_MS },
    );
    console.info(`oracle: seed ${seed}, ${JSON.stringify(counts)}`);
    // A generator that asks nothing of interest would prove nothing.
    expect(counts.queries).toBeGreaterThan(LEAST);
    expect(counts.empty).toBeLessThan(counts.queries / 2);
    expect(counts.filled).toBeGreaterThan(0);
  },
  2 * TIME_LIMIT_MS,
);
