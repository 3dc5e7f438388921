import { expect, test } from '@jest/globals';
import { defineDataset } from '../fields.js';
import { avg, bucket, count, countDistinct, field, max, min, p50, p90, p95, p99, sum } from './expressions.js';
import { DatasetQueryClient } from './query-client.js';

const orders = defineDataset({
  country: 'string',
  amount: 'number',
  plan: 'string?',
  paid: 'boolean',
  signup_at: 'timestamp',
});
const query = new DatasetQueryClient({ pat: 'pat_x', project: 'local' }).from(13, orders);

test('a query that says nothing travels as one', () => {
  expect(query.toJSON()).toEqual({});
});

test('the documented example travels as it is documented', () => {
  const built = query
    .select('country', count().as('events'))
    .where('plan', '=', 'pro')
    .where('amount', '>', 20)
    .groupBy('country')
    .orderBy('events', 'desc')
    .range('2026-06-01T00:00:00Z', new Date('2026-06-10T23:59:59Z'))
    .limit(100);
  expect(built.toJSON()).toEqual({
    range: { from: '2026-06-01T00:00:00Z', to: '2026-06-10T23:59:59.000Z' },
    select: [{ field: 'country' }, { aggregate: 'count', as: 'events' }],
    where: [
      { field: 'plan', op: '=', value: 'pro' },
      { field: 'amount', op: '>', value: 20 },
    ],
    groupBy: ['country'],
    orderBy: [{ field: 'events', direction: 'desc' }],
    limit: 100,
  });
  expect(JSON.stringify(built)).toBe(JSON.stringify(built.toJSON()));
});

test('each step leaves the query it starts from as it was', () => {
  const pro = query.where('plan', '=', 'pro');
  const here = pro.where('country', '=', 'RO').groupBy('country').orderBy('country').having('count', '>', 1).limit(1);
  expect(pro.toJSON()).toEqual({ where: [{ field: 'plan', op: '=', value: 'pro' }] });
  expect(here.toJSON().where).toHaveLength(2);
  expect(query.toJSON()).toEqual({});
});

test('every aggregate travels with its field and its name', () => {
  const built = query.select(
    ...[count(), count('plan'), sum('amount'), avg('amount').as('mean'), min('country'), max('signup_at')],
    ...[countDistinct('plan'), p50('amount'), p90('amount'), p95('amount'), p99('amount'), field('country').as('c')],
  );
  expect(built.toJSON().select).toEqual([
    { aggregate: 'count' },
    { aggregate: 'count', field: 'plan' },
    { aggregate: 'sum', field: 'amount' },
    { aggregate: 'avg', field: 'amount', as: 'mean' },
    { aggregate: 'min', field: 'country' },
    { aggregate: 'max', field: 'signup_at' },
    { aggregate: 'count_distinct', field: 'plan' },
    { aggregate: 'p50', field: 'amount' },
    { aggregate: 'p90', field: 'amount' },
    { aggregate: 'p95', field: 'amount' },
    { aggregate: 'p99', field: 'amount' },
    { field: 'country', as: 'c' },
  ]);
});

test('every operator travels with its value, dates as text, and none where there is none', () => {
  const at = new Date('2026-06-10T10:00:00Z');
  const built = query
    .where('signup_at', '>=', at)
    .where('timestamp', 'in', [at, '2026-06-11T10:00:00Z'])
    .where('country', 'starts_with', 'R')
    .where('plan', 'is_null')
    .where('plan', '!=', null)
    .where('paid', '=', false);
  expect(built.toJSON().where).toEqual([
    { field: 'signup_at', op: '>=', value: '2026-06-10T10:00:00.000Z' },
    { field: 'timestamp', op: 'in', value: ['2026-06-10T10:00:00.000Z', '2026-06-11T10:00:00Z'] },
    { field: 'country', op: 'starts_with', value: 'R' },
    { field: 'plan', op: 'is_null' },
    { field: 'plan', op: '!=', value: null },
    { field: 'paid', op: '=', value: false },
  ]);
});

test('conditions can be grouped as deeply as needed', () => {
  const built = query.where(({ is, and, or, not }) =>
    or(is('plan', '=', 'pro'), and(is('amount', '>', 20), not(is('country', 'in', ['RO', 'DE'])))),
  );
  expect(built.toJSON().where).toEqual([
    {
      or: [
        { field: 'plan', op: '=', value: 'pro' },
        {
          and: [{ field: 'amount', op: '>', value: 20 }, { not: { field: 'country', op: 'in', value: ['RO', 'DE'] } }],
        },
      ],
    },
  ]);
});

test('a bucket travels alike in select, groupBy and orderBy', () => {
  const day = bucket('day', { timezone: 'Europe/Bucharest' }).as('on');
  const built = query.select(day, sum('amount')).groupBy(day, 'country').orderBy(day, 'desc').fill();
  const travelling = { bucket: 'day', field: 'timestamp', timezone: 'Europe/Bucharest' };
  expect(built.toJSON()).toEqual({
    select: [
      { ...travelling, as: 'on' },
      { aggregate: 'sum', field: 'amount' },
    ],
    groupBy: [{ ...travelling, as: 'on' }, 'country'],
    orderBy: [{ ...travelling, as: 'on', direction: 'desc' }],
    fill: true,
  });
  expect(query.groupBy(bucket('week', { field: 'signup_at' })).toJSON().groupBy).toEqual([
    { bucket: 'week', field: 'signup_at' },
  ]);
});

test('having compares columns, group keys and aggregates', () => {
  const grouped = query.select('country', count().as('events')).groupBy('country');
  const built = grouped
    .having('events', '>', 10)
    .having(avg('amount'), '<=', 3)
    .having(({ is, or }) => or(is('country', '=', 'RO'), is(count(), '>', 100)));
  expect(built.toJSON().having).toEqual([
    { field: 'events', op: '>', value: 10 },
    { aggregate: 'avg', field: 'amount', op: '<=', value: 3 },
    {
      or: [
        { field: 'country', op: '=', value: 'RO' },
        { aggregate: 'count', op: '>', value: 100 },
      ],
    },
  ]);
});

test('a range of the last so many days starts when the query runs, and gives way to a later range', () => {
  const before = Date.now();
  const from = Date.parse(query.last(3, 'days').toJSON().range?.from ?? '');
  expect(from).toBeGreaterThanOrEqual(before - 3 * 86_400_000);
  expect(from).toBeLessThanOrEqual(Date.now() - 3 * 86_400_000);
  expect(query.last(3, 'days').range('2026-06-01T00:00:00Z').toJSON().range).toEqual({ from: '2026-06-01T00:00:00Z' });
  const changed = query.range('2026-06-01T00:00:00Z').last(1, 'hours').limit(5).toJSON();
  expect(Date.parse(changed.range?.from ?? '')).toBeGreaterThan(before - 3_700_000);
  expect(changed.range).not.toHaveProperty('to');
});

test('a value that JSON would turn into null is refused: comparing with null is something else', () => {
  expect(() => query.where('amount', '=', Number.NaN)).toThrow('NaN is no value that can be compared with');
  expect(() => query.where('amount', 'in', [1, Number.POSITIVE_INFINITY])).toThrow('Infinity is no value');
  expect(() => query.where('signup_at', '=', new Date(Number.NaN))).toThrow('Invalid Date is no value');
  expect(() => query.range(new Date(Number.NaN))).toThrow('Invalid Date is no value');
});
