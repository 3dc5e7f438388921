import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Query } from '@loguro/types';
import type { QueryTarget } from './query-service.js';
import { createQueryFixture } from './testing/record-fixture.js';

type Fixture = Awaited<ReturnType<typeof createQueryFixture>>;

const fields = {
  country: 'string',
  plan: 'string?',
  amount: 'number',
  active: 'boolean',
  signup_at: 'timestamp?',
} as const;
const now = new Date('2026-06-10T12:00:00Z');
const records = [
  {
    timestamp: '2026-06-10T10:00:00.123456Z',
    country: 'RO',
    plan: 'pro',
    amount: 0.1,
    active: true,
    context: { source: 'billing', tags: ['a'] },
  },
  {
    timestamp: '2026-06-10T10:30:00Z',
    country: 'RO',
    plan: null,
    amount: 0.2,
    active: false,
    signup_at: '2026-06-01T08:00:00.5+02:00',
  },
  { timestamp: '2026-06-10T11:00:00Z', country: 'DE', plan: 'free', amount: 1e300, active: true },
  { timestamp: '2026-06-09T23:59:59.999999Z', country: 'de', plan: 'pro', amount: -5, active: true },
  { timestamp: '2026-05-01T00:00:00Z', country: 'US', plan: 'pro', amount: 7, active: true },
  { timestamp: '0001-01-01T00:00:00Z', country: 'first', plan: null, amount: 1, active: true },
  { timestamp: '9999-12-31T23:59:59.999999Z', country: 'last', plan: null, amount: 2, active: true },
];

let fixture: Fixture;
let target: QueryTarget;
const run = (query: Query) => fixture.service.run(target, query, new AbortController().signal);

beforeAll(async () => {
  fixture = await createQueryFixture({ now: () => now });
  target = await fixture.dataset(fields, records);
});
afterAll(() => fixture.close());

describe('answers', () => {
  test('the empty query counts the last seven days', async () => {
    const result = await run({});
    expect(result).toEqual({
      rows: [{ count: 4 }],
      columns: [{ name: 'count', type: 'number' }],
      rowCount: 1,
      range: { from: '2026-06-03T12:00:00Z', to: '2026-06-10T12:00:00Z' },
      elapsedMs: expect.any(Number),
    });
  });

  test('raw rows come newest first, with microseconds, exact doubles and their context', async () => {
    const select = ['timestamp', 'amount', 'plan', 'active', 'signup_at', 'context'].map((field) => ({ field }));
    const { rows, columns } = await run({ select, where: [{ field: 'country', op: '=', value: 'RO' }] });
    expect(rows).toEqual([
      {
        timestamp: '2026-06-10T10:30:00Z',
        amount: 0.2,
        plan: null,
        active: false,
        signup_at: '2026-06-01T06:00:00.5Z',
        context: {},
      },
      {
        timestamp: '2026-06-10T10:00:00.123456Z',
        amount: 0.1,
        plan: 'pro',
        active: true,
        signup_at: null,
        context: { source: 'billing', tags: ['a'] },
      },
    ]);
    expect(columns.map(({ type }) => type)).toEqual([
      'timestamp',
      'number',
      'string',
      'boolean',
      'timestamp',
      'object',
    ]);
  });

  test('groups are aggregated, filtered and ordered by alias', async () => {
    const { rows } = await run({
      range: { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' },
      select: [{ field: 'country' }, { aggregate: 'count', as: 'events' }, { aggregate: 'max', field: 'amount' }],
      where: [{ field: 'amount', op: '<', value: 1e10 }],
      groupBy: ['country'],
      orderBy: [{ field: 'events', direction: 'desc' }],
      limit: 3,
    });
    expect(rows).toEqual([
      { country: 'RO', events: 2, max_amount: 0.2 },
      { country: 'US', events: 1, max_amount: 7 },
      { country: 'de', events: 1, max_amount: -5 },
    ]);
  });

  test('groups that the limit cut off are told of, and only then', async () => {
    const ask = (limit: number) => run({ groupBy: ['country'], orderBy: [{ field: 'country' }], limit });
    expect(await ask(2)).toMatchObject({ rows: [{ country: 'DE' }, { country: 'RO' }], rowCount: 2, truncated: true });
    expect(await ask(3)).toMatchObject({ rowCount: 3 });
    expect(await ask(3)).not.toHaveProperty('truncated');
    expect(await ask(2)).not.toHaveProperty('nextCursor');
  });

  test('both ends of the range are included, to the microsecond', async () => {
    const count = async (from: string, to: string) => (await run({ range: { from, to } })).rows[0]?.count;
    expect(await count('2026-06-09T23:59:59.999999Z', '2026-06-10T10:00:00.123456Z')).toBe(2);
    expect(await count('2026-06-09T23:59:59.999999Z', '2026-06-10T10:00:00.123455Z')).toBe(1);
    expect(await count('2026-06-10T00:00:00Z', '2026-06-10T10:00:00.123456Z')).toBe(1);
  });

  test('records of the first and of the last year are found', async () => {
    const range = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };
    const { rows } = await run({
      range,
      select: [
        { aggregate: 'min', field: 'timestamp' },
        { aggregate: 'max', field: 'timestamp' },
      ],
    });
    expect(rows).toEqual([{ min_timestamp: '0001-01-01T00:00:00Z', max_timestamp: '9999-12-31T23:59:59.999999Z' }]);
  });
});

describe('null', () => {
  const range = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };
  const count = async (condition: NonNullable<Query['where']>[number]) =>
    (await run({ range, where: [condition] })).rows[0]?.count;

  test('"!=" holds for null wherever "=" does not', async () => {
    expect(await count({ field: 'plan', op: '=', value: 'pro' })).toBe(3);
    expect(await count({ field: 'plan', op: '!=', value: 'pro' })).toBe(4);
    expect(await count({ not: { field: 'plan', op: '=', value: 'pro' } })).toBe(4);
  });

  test('null equals null, in a list too', async () => {
    expect(await count({ field: 'plan', op: '=', value: null })).toBe(3);
    expect(await count({ field: 'plan', op: '!=', value: null })).toBe(4);
    expect(await count({ field: 'plan', op: 'in', value: ['free', null] })).toBe(4);
    expect(await count({ field: 'plan', op: 'not_in', value: ['free', null] })).toBe(3);
    expect(await count({ field: 'plan', op: 'not_in', value: ['free'] })).toBe(6);
    expect(await count({ field: 'plan', op: 'not_in', value: [null] })).toBe(4);
  });

  test('every other comparison with a null field is false, and its negation true', async () => {
    expect(await count({ field: 'plan', op: '>=', value: '' })).toBe(4);
    expect(await count({ not: { field: 'plan', op: '>=', value: '' } })).toBe(3);
    expect(await count({ field: 'plan', op: 'contains', value: '' })).toBe(4);
  });
});

test('days of a zone whose name PostgreSQL takes for an offset follow the clock there all the same', async () => {
  const summer = await fixture.dataset({ n: 'number' }, [
    { timestamp: '2026-01-10T22:30:00Z', n: 1 },
    { timestamp: '2026-07-10T22:30:00Z', n: 1 },
  ]);
  const days = async (timezone: string) => {
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z' };
    const groupBy = [{ bucket: 'day' as const, field: 'timestamp', timezone }];
    const { rows } = await fixture.service.run(summer, { range, groupBy }, new AbortController().signal);
    return rows.map(({ day }) => day);
  };
  expect(await days('CET')).toEqual(['2026-01-09T23:00:00Z', '2026-07-10T22:00:00Z']);
  for (const zone of ['MET', 'cet', 'Europe/Paris']) expect(await days(zone)).toEqual(await days('CET'));
  expect(await days('EET')).toEqual(await days('Europe/Athens'));
  expect(await days('WET')).toEqual(await days('Europe/Lisbon'));
});

test('an average too small for a double is 0, and the least that is none stays', async () => {
  const least = Number.MIN_VALUE;
  const averages = async (...values: number[]) => {
    const timestamp = '2026-06-10T11:00:00Z';
    const tiny = await fixture.dataset(
      { n: 'number?' },
      [...values, null].map((n) => ({ timestamp, n })),
    );
    const select = [{ aggregate: 'avg' as const, field: 'n' }];
    return (await fixture.service.run(tiny, { select }, new AbortController().signal)).rows[0]?.avg_n;
  };
  expect(await averages(least, 0)).toBe(0);
  expect(Math.abs((await averages(-least, 0)) as number)).toBe(0);
  expect(await averages(least, least, 0)).toBe(least);
  expect(await averages(2 * least, 0)).toBe(least);
  expect(await averages(1e-300, 0)).toBe(5e-301);
  expect(await averages(1e307, 3)).toBe(5e306);
  expect(await averages()).toBeNull();
});

describe('filled buckets', () => {
  const hours = [{ bucket: 'hour' as const, field: 'timestamp' }];

  test('of the default range all fit into an answer that does not say its limit', async () => {
    const { rows, truncated } = await run({ groupBy: hours, fill: true });
    expect(rows).toHaveLength(7 * 24 + 1);
    expect(truncated).toBeUndefined();
    expect(await run({ groupBy: hours, fill: true, limit: 100 })).toMatchObject({ rowCount: 100, truncated: true });
  });

  test('are held to having like all groups', async () => {
    const range = { from: '2026-06-10T08:00:00Z', to: '2026-06-10T11:59:59Z' };
    const ask = async (query: Query) => (await run({ range, groupBy: hours, fill: true, ...query })).rows;
    expect(await ask({ having: [{ field: 'count', op: '<', value: 2 }] })).toEqual([
      { hour: '2026-06-10T08:00:00Z', count: 0 },
      { hour: '2026-06-10T09:00:00Z', count: 0 },
      { hour: '2026-06-10T11:00:00Z', count: 1 },
    ]);
    expect(await ask({ having: [{ aggregate: 'sum', field: 'amount', op: 'is_null' }] })).toHaveLength(2);
    expect(await ask({ having: [{ field: 'hour', op: '<', value: '2026-06-10T09:00:00Z' }] })).toHaveLength(1);
  });
});
