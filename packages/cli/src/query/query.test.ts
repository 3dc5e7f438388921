import { describe, expect, test } from '@jest/globals';
import { COMPONENTS, createValidators, type Fields } from '@loguro/types';
import { buildQuery, type QueryFlags } from './build-query.js';
import { parseInstant, parseSpan } from './range.js';

const FIELDS: Fields = { country: 'string', plan: 'string?', amount: 'number', active: 'boolean', code: 'string' };
const NOW = Date.parse('2026-06-10T12:00:00Z');
const validate = createValidators(COMPONENTS).compile({ $ref: 'Query' });

function build(flags: QueryFlags) {
  const query = buildQuery(flags, FIELDS, NOW);
  expect(validate(query)).toEqual([]);
  return query;
}

describe('the flags of query', () => {
  test('select fields, aggregates and time buckets, with names', () => {
    expect(build({ select: ['country, sum(amount) as total', 'count', 'p95( amount )', 'day()'] }).select).toEqual([
      { field: 'country' },
      { aggregate: 'sum', field: 'amount', as: 'total' },
      { aggregate: 'count' },
      { aggregate: 'p95', field: 'amount' },
      { bucket: 'day', field: 'timestamp' },
    ]);
  });

  test('group by fields and buckets in a time zone, and count when nothing is selected', () => {
    expect(build({ groupBy: ['country', 'hour(timestamp) as h'], timezone: 'Europe/Bucharest' })).toEqual({
      select: [{ field: 'country' }, { aggregate: 'count' }],
      groupBy: ['country', { bucket: 'hour', field: 'timestamp', as: 'h', timezone: 'Europe/Bucharest' }],
    });
  });

  test.each([
    ['plan = pro', { field: 'plan', op: '=', value: 'pro' }],
    ['amount>=20.5', { field: 'amount', op: '>=', value: 20.5 }],
    ['code = 007', { field: 'code', op: '=', value: '007' }],
    ['active != TRUE', { field: 'active', op: '!=', value: true }],
    ['country in RO, "D,E",FR', { field: 'country', op: 'in', value: ['RO', 'D,E', 'FR'] }],
    ['amount not in 1,2', { field: 'amount', op: 'not_in', value: [1, 2] }],
    ['plan is null', { field: 'plan', op: 'is_null' }],
    ['plan IS NOT NULL', { field: 'plan', op: 'is_not_null' }],
    ['plan starts_with "p r"', { field: 'plan', op: 'starts_with', value: 'p r' }],
    ["plan contains a=b and 'c'", { field: 'plan', op: 'contains', value: "a=b and 'c'" }],
    ['plan = ""', { field: 'plan', op: '=', value: '' }],
    ['timestamp > 2026-06-01T00:00:00Z', { field: 'timestamp', op: '>', value: '2026-06-01T00:00:00Z' }],
  ])('read the condition %s as its field asks', (text, expected) => {
    expect(build({ where: [text] }).where).toEqual([expected]);
  });

  test('order by columns, aggregates and a leading minus', () => {
    expect(build({ orderBy: ['-count', 'sum(amount) desc, country'] }).orderBy).toEqual([
      { field: 'count', direction: 'desc' },
      { aggregate: 'sum', field: 'amount', direction: 'desc' },
      { field: 'country', direction: 'asc' },
    ]);
  });

  test('filter groups by columns and aggregates', () => {
    expect(build({ having: ['total > 5', 'count() >= 2'] }).having).toEqual([
      { field: 'total', op: '>', value: 5 },
      { aggregate: 'count', op: '>=', value: 2 },
    ]);
  });

  test('name ranges by spans, days and instants', () => {
    expect(build({ from: '2026-06-01', to: '2026-06-02' }).range).toEqual({
      from: '2026-06-01T00:00:00Z',
      to: '2026-06-02T23:59:59.999999Z',
    });
    expect(parseInstant('36h', '--from', NOW)).toBe('2026-06-09T00:00:00.000Z');
    expect(parseInstant('now', '--to', NOW)).toBe('2026-06-10T12:00:00.000Z');
    expect(() => parseInstant('yesterday', '--from', NOW)).toThrow('--from "yesterday" is not a time.');
    expect(() => parseInstant('2026-02-31', '--from', NOW)).toThrow('is not a time');
    expect(parseSpan('15m', '--window')).toBe(900_000);
  });

  test.each([
    [{ select: ['sun(amount)'] }, 'there is no "sun"'],
    [{ select: ['a b'] }, `--select "a b" can't be read`],
    [{ groupBy: ['count()'] }, `can't group by the aggregate`],
    [{ where: ['amount ~ 3'] }, `--where "amount ~ 3" can't be read`],
    [{ where: ['count() > 3'] }, 'is --having'],
  ] as [QueryFlags, string][])('%j is refused with a sentence', (flags, sentence) => {
    expect(() => build(flags)).toThrow(sentence);
  });
});
