import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Query } from '@loguro/types';
import type { QueryTarget } from './query-service.js';
import { createQueryFixture, insertRecords } from './testing/record-fixture.js';

const fields = { name: 'string?', n: 'number?' } as const;
const everything = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };
const never = new AbortController().signal;

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
let small: QueryTarget;
let large: QueryTarget;
beforeAll(async () => {
  fixture = await createQueryFixture();
  small = await fixture.dataset(fields);
  const records = Array.from({ length: 2000 }, (_, i) => ({ timestamp: '2026-01-01T00:00:00Z', name: 'x', n: i + 1 }));
  large = await fixture.dataset(fields, records);
});
afterAll(() => fixture.close());

const raw: Query = {
  range: everything,
  select: [{ field: 'n' }],
  orderBy: [{ field: 'n', direction: 'desc' }],
  limit: 2,
};
const page = (query: Query) => fixture.service.run(large, query, never);

test('pages continue where the one before ended, and the last has no cursor', async () => {
  const first = await page({ ...raw, where: [{ field: 'n', op: '<=', value: 3 }] });
  expect(first.rows).toEqual([{ n: 3 }, { n: 2 }]);
  const second = await page({
    ...raw,
    where: [{ field: 'n', op: '<=', value: 3 }],
    cursor: first.nextCursor as string,
  });
  expect(second.rows).toEqual([{ n: 1 }]);
  expect(second).not.toHaveProperty('nextCursor');
  expect([first.truncated, second.truncated]).toEqual([true, undefined]);
  expect(second.range).toEqual(first.range);
});

test('records that arrive between two pages do not make one appear twice or be skipped', async () => {
  const busy = await fixture.dataset(
    fields,
    Array.from({ length: 5 }, (_, i) => ({ timestamp: '2026-01-01T00:00:00Z', n: i })),
  );
  const query: Query = { range: everything, select: [{ field: 'n' }], limit: 2 };
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const answer = await fixture.service.run(busy, { ...query, ...(cursor && { cursor }) }, never);
    seen.push(...answer.rows.map((row) => row.n));
    cursor = answer.nextCursor;
    await insertRecords(fixture.owner, busy, [{ timestamp: '2026-01-01T00:00:00Z', n: 100 }]);
  } while (cursor !== undefined);
  expect(seen.filter((n) => n !== 100).sort()).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  ['rubbish', () => 'rubbish'],
  ['another word of base64', () => Buffer.from('[1,2,3]').toString('base64url')],
  ['a forged place', (good: string) => forge(good, 5, '(99999999999,1)')],
  ['a place PostgreSQL does not know', (good: string) => forge(good, 5, '(4294967299,1)')],
  ['a forged value', (good: string) => forge(good, 4, ["1'; DROP TABLE x"])],
  ['too many values', (good: string) => forge(good, 4, ['1', '2'])],
  ['a forged range', (good: string) => forge(good, 2, 'yesterday')],
])('a cursor that is %s is refused', async (_, make) => {
  const { nextCursor } = await page(raw);
  await expect(page({ ...raw, cursor: make(nextCursor as string) })).rejects.toMatchObject({
    code: 'invalid_query',
    details: [{ path: 'cursor' }],
  });
});

test('a cursor belongs to its query and its dataset', async () => {
  const { nextCursor: cursor } = await page(raw);
  const refused = { code: 'invalid_query', details: [{ path: 'cursor' }] };
  await expect(page({ ...raw, select: [{ field: 'name' }], cursor: cursor as string })).rejects.toMatchObject(refused);
  await expect(fixture.service.run(small, { ...raw, cursor: cursor as string }, never)).rejects.toMatchObject(refused);
  expect((await page({ ...raw, limit: 3, cursor: cursor as string })).rowCount).toBe(3);
});

function forge(cursor: string, at: number, value: unknown): string {
  const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
  parts[at] = value;
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}
