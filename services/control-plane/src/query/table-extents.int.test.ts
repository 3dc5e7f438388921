import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatInstant } from '@loguro/types';
import type { QueryConfig } from 'pg';
import { compileQuery } from './compile/compile-query.js';
import type { TableExtent } from './compile/windows.js';
import { type Ask, askOf } from './connection.js';
import type { QueryTarget } from './query-service.js';
import { createTableExtents } from './table-extents.js';
import { createQueryFixture } from './testing/record-fixture.js';

const ROWS = 200_000;
const everything = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
let target: QueryTarget;
beforeAll(async () => {
  fixture = await createQueryFixture();
  target = await fixture.dataset({ n: 'number' });
  // Ten records a second; one in a thousand has a clock that is years off.
  await fixture.owner.query(
    `INSERT INTO records.dataset_${target.id} ("timestamp", "context", "__traceId", "n")
     SELECT CASE WHEN i % 1000 = 7 THEN timestamptz '2001-01-01' ELSE timestamptz '2026-01-01' END + i * interval '100 milliseconds',
            '{}', 't', i FROM generate_series(1, ${ROWS}) i`,
  );
  await fixture.owner.query(`VACUUM ANALYZE records.dataset_${target.id}`);
}, 60_000);
afterAll(() => fixture.close());

async function extentOf(of: QueryTarget): Promise<TableExtent | undefined> {
  const client = await fixture.pool.connect();
  try {
    return (await createTableExtents(10).read(askOf(client, 10_000), of)).extent;
  } finally {
    client.release();
  }
}

interface Plan {
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Node Type': string;
  'Rows Removed by Index Recheck'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** Rows that a plan read from the table, shown or not. */
function rowsRead(plan: Plan): number {
  const own = plan['Node Type'].endsWith('Scan') && plan['Actual Loops'] && plan.Plans?.[0]?.['Node Type'] !== 'Limit';
  const here = own
    ? (plan['Actual Rows'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0) + (plan['Rows Removed by Filter'] ?? 0)
    : 0;
  return (
    here +
    (plan.Plans ?? [])
      .filter((child) => child['Node Type'] !== 'Bitmap Index Scan')
      .reduce((sum, child) => sum + rowsRead(child), 0)
  );
}

test('the ends of a table tell where its records lie and how densely', async () => {
  const extent = (await extentOf(target)) as TableExtent;
  const [oldest, newest] = [extent.oldest, extent.newest].map(formatInstant) as [string, string];
  // Not quite the ends, so that a clock that is off does not count.
  expect(newest > '2026-01-01T05:30:00Z' && newest < '2026-01-01T05:33:20Z').toBe(true);
  expect(oldest > '2026-01-01T00:00:00Z' && oldest < '2026-01-01T00:03:00Z').toBe(true);
  expect(extent.recordsPerSecond).toBeGreaterThan(8);
  expect(extent.recordsPerSecond).toBeLessThan(12);
  expect(await extentOf(await fixture.dataset({ n: 'number' }))).toBeUndefined();
});

test('the newest rows of all time are read without reading the table', async () => {
  const extent = await extentOf(target);
  const query = { range: everything, select: [{ field: 'n' }] };
  const { text, values } = compileQuery(target, query, { now: new Date(), extent });
  const { rows } = await fixture.pool.query(`EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) ${text}`, values);
  expect(rowsRead(rows[0]['QUERY PLAN'][0].Plan)).toBeLessThan(ROWS / 5);
  const answer = await fixture.service.run(target, query, new AbortController().signal);
  expect(answer.rows.slice(0, 2)).toEqual([{ n: ROWS }, { n: ROWS - 1 }]);
});

test('a page without conditions reads one window, and the others only when that has too few rows', async () => {
  const extent = await extentOf(target);
  const query = { range: everything, select: [{ field: 'n' }], limit: 50 };
  const compiled = compileQuery(target, query, { now: new Date(), extent, reach: 'first' });
  expect(compiled.text).not.toContain('UNION');
  const { rows } = await fixture.pool.query(compiled.text, compiled.values);
  expect(rows.length).toBe(51);
  const rest = compiled.rest?.();
  expect(rest?.text).toContain('UNION');
  expect(rest?.rest).toBeUndefined();
  const condition = { field: 'n', op: '>' as const, value: 0 };
  const filtered = compileQuery(target, { ...query, where: [condition] }, { now: new Date(), extent, reach: 'first' });
  expect(filtered).toMatchObject({ text: expect.stringContaining('UNION') });
  expect(filtered.rest).toBeUndefined();
});

test('rows that lie far from the others are on the page too, in order', async () => {
  const burst = Array.from({ length: 40 }, (_, i) => ({
    timestamp: `2026-06-10T10:00:00.${String(i).padStart(3, '0')}Z`,
    n: i,
  }));
  const far = ['2026-06-10T09:00:00Z', '2020-01-01T00:00:00Z', '0001-01-01T00:00:00Z'];
  const sparse = await fixture.dataset({ n: 'number' }, [
    ...far.map((timestamp, i) => ({ timestamp, n: -i })),
    ...burst,
    { timestamp: '9999-01-01T00:00:00Z', n: 1000 },
  ]);
  const query = { range: everything, select: [{ field: 'n' }] };
  const page = (limit: number) => fixture.service.run(sparse, { ...query, limit }, new AbortController().signal);
  const order = [1000, ...Array.from({ length: 40 }, (_, i) => 39 - i), 0, -1, -2].map((n) => ({ n }));
  for (const limit of [1, 40, 41, 42, 43, 44, 45]) {
    const answer = await page(limit);
    expect(answer.rows).toEqual(order.slice(0, limit));
    expect(answer.truncated).toBe(limit < order.length ? true : undefined);
  }
});

test('the pages at the end are found by their place', async () => {
  const client = await fixture.pool.connect();
  try {
    const seen: QueryConfig[] = [];
    const ask: Ask = (statement, values) => {
      if (typeof statement !== 'string') seen.push(statement);
      return client.query(statement as string, values);
    };
    await createTableExtents(1).read(ask, target);
    const { rows } = await client.query(`EXPLAIN ${seen[0]?.text}`, seen[0]?.values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Tid Range Scan');
    expect(plan).not.toContain('Seq Scan');
  } finally {
    client.release();
  }
});
