import { describe, expect, test } from '@jest/globals';
import { ApiError, type ErrorDetail, type Query } from '@loguro/types';
import { compileQuery } from './compile-query.js';

const dataset = {
  id: 13,
  fields: {
    country: 'string',
    plan: 'string?',
    amount: 'number',
    active: 'boolean',
    signup_at: 'timestamp',
  } as const,
};
const FIELD_NAMES = '"timestamp", "country", "plan", "amount", "active", "signup_at"';
const now = new Date('2026-06-10T12:00:00.250Z');
const compile = (query: Query) => compileQuery(dataset, query, { now });

/** The details of the refusal. */
function faults(query: Query): ErrorDetail[] {
  try {
    compile(query);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'invalid_query') return error.details ?? [];
    throw error;
  }
  throw new Error('the query was not refused');
}

describe('defaults', () => {
  test('an empty query counts the records of the last seven days', () => {
    expect(compile({})).toEqual({
      text: 'SELECT c0 FROM (SELECT count(*) AS c0 FROM "records"."dataset_13" WHERE "timestamp" >= $1::timestamp with time zone AND "timestamp" <= $2::timestamp with time zone) AS g LIMIT $3::bigint',
      values: ['2026-06-03T12:00:00.25Z', '2026-06-10T12:00:00.25Z', '101'],
      columns: [{ name: 'count', type: 'number' }],
      copies: 1,
      range: { from: '2026-06-03T12:00:00.25Z', to: '2026-06-10T12:00:00.25Z' },
      limit: 100,
    });
  });

  test('a range with only an end starts seven days before it, and never before year 1', () => {
    expect(compile({ range: { to: '2020-02-01T00:00:00.000001+02:00' } }).range.from).toBe(
      '2020-01-24T22:00:00.000001Z',
    );
    expect(compile({ range: { to: '0001-01-02T00:00:00Z' } }).range.from).toBe('0001-01-01T00:00:00Z');
  });

  test('a limit beyond the maximum counts as the maximum', () => {
    expect(compile({ limit: 5000 }).limit).toBe(1000);
  });

  test('groups without a select are shown with their keys and their count', () => {
    expect(compile({ groupBy: ['country'] }).columns.map(({ name }) => name)).toEqual(['country', 'count']);
  });

  test('a bucket that groupBy declares is a column of the answer although select does not repeat it', () => {
    const query: Query = {
      groupBy: [{ bucket: 'hour', field: 'timestamp' }],
      select: [{ aggregate: 'avg', field: 'amount' }],
    };
    expect(compile(query).columns).toEqual([
      { name: 'hour', type: 'timestamp' },
      { name: 'avg_amount', type: 'number' },
    ]);
  });
});

test('what aggregates sort is counted, once where they sort the same', () => {
  const select = (['p50', 'p99', 'count_distinct'] as const).map((aggregate) => ({ aggregate, field: 'amount' }));
  expect(compile({ select, having: [{ aggregate: 'count_distinct', field: 'plan', op: '>', value: 1 }] }).sorts).toBe(
    3,
  );
  expect(compile({ groupBy: ['country'] })).not.toHaveProperty('sorts');
});

describe('no caller writes SQL', () => {
  test('every value becomes a parameter, whatever is in it', () => {
    const { text, values } = compile({
      where: [
        { field: 'country', op: '=', value: `'; DROP TABLE "records" --` },
        { field: 'plan', op: 'in', value: ['$1', '}{"\\'] },
      ],
    });
    expect(text).not.toContain('DROP');
    expect(values).toEqual(expect.arrayContaining([`'; DROP TABLE "records" --`, ['$1', '}{"\\']]));
  });

  test('names in the answer never become SQL', () => {
    expect(compile({ select: [{ aggregate: 'count', as: 'pg_sleep' }] }).text).not.toContain('pg_sleep');
  });
});

describe('refusals say where and why', () => {
  test('an operator that does not fit names the operator and the type of the field', () => {
    expect(
      faults({
        where: [
          { field: 'amount', op: '=', value: 1 },
          { field: 'amount', op: 'contains', value: 'x' },
        ],
      }),
    ).toEqual([{ path: 'where[1].op', message: '"contains" compares strings, but "amount" is a number' }]);
    expect(faults({ where: [{ field: 'active', op: '>', value: true }] })).toEqual([
      { path: 'where[0].op', message: '">" needs an order, and "active", a boolean, has none' },
    ]);
  });

  test('a misspelt field is answered with the nearest one', () => {
    expect(faults({ where: [{ field: 'contry', op: '=', value: 'RO' }] })).toEqual([
      { path: 'where[0].field', message: 'names no field: "contry"; did you mean "country"?' },
    ]);
    expect(faults({ orderBy: [{ field: 'evnts' }], select: [{ aggregate: 'count', as: 'events' }] })).toEqual([
      { path: 'orderBy[0].field', message: 'names no column or group key: "evnts"; did you mean "events"?' },
    ]);
  });

  test.each([
    ['count', '; an aggregate is written as {"aggregate":"count"}'],
    ['COUNT(*)', '; an aggregate is written as {"aggregate":"count"}'],
    ['max', '; an aggregate is written as {"aggregate":"max","field":"…"}'],
    ['SUM( Amount )', '; an aggregate is written as {"aggregate":"sum","field":"Amount"}'],
    ['hour', '; a bucket is written as {"bucket":"hour","field":"timestamp"}'],
  ])('%s as a field is answered with how that is written', (field, hint) => {
    expect(faults({ select: [{ field }] })).toEqual([
      { path: 'select[0].field', message: `names no field: ${JSON.stringify(field)}${hint}` },
    ]);
  });

  test('a name that is near to nothing hears what there is', () => {
    expect(faults({ groupBy: ['zzzzzzzz'] })).toEqual([
      { path: 'groupBy[0]', message: `names no field: "zzzzzzzz"; there is ${FIELD_NAMES}` },
    ]);
  });

  test('all faults are reported at once', () => {
    const paths = faults({
      range: { from: '2026-07-01T00:00:00Z' },
      where: [{ field: 'amount', op: '>', value: 'x' }],
      groupBy: ['nope'],
      orderBy: [{ field: 'country' }],
    }).map(({ path }) => path);
    expect(paths).toEqual(['groupBy[0]', 'orderBy[0].field', 'range.from', 'where[0].value']);
  });

  test.each<[string, Query, ErrorDetail]>([
    [
      'context in a filter',
      { where: [{ field: 'context', op: '=', value: 'x' }] },
      { path: 'where[0].field', message: 'names "context", which can be selected as it is and nothing else' },
    ],
    [
      'context as a group key',
      { groupBy: ['context'] },
      { path: 'groupBy[0]', message: 'names "context", which can be selected as it is and nothing else' },
    ],
    [
      'context in an aggregate',
      { select: [{ aggregate: 'count', field: 'context' }] },
      { path: 'select[0].field', message: 'names "context", which can be selected as it is and nothing else' },
    ],
    [
      'our own columns',
      { select: [{ field: '__traceId' }] },
      {
        path: 'select[0].field',
        message: `names no field: "__traceId"; there is ${FIELD_NAMES}`,
      },
    ],
    [
      'a plain field beside an aggregate',
      { select: [{ field: 'country' }, { aggregate: 'count' }] },
      { path: 'select[0].field', message: 'must be in "groupBy": add "country", or aggregate it' },
    ],
    [
      'a plain field that is not a group key',
      { select: [{ field: 'plan' }], groupBy: ['country'] },
      { path: 'select[0].field', message: 'must be in "groupBy": add "plan", or aggregate it' },
    ],
    [
      'a sum of strings',
      { select: [{ aggregate: 'sum', field: 'country' }] },
      { path: 'select[0].aggregate', message: '"sum" is computed over a number, but "country" is a string' },
    ],
    [
      'a sum of nothing',
      { select: [{ aggregate: 'sum' }] },
      { path: 'select[0]', message: 'needs a "field" for "sum"' },
    ],
    [
      'two columns of one name',
      { select: [{ field: 'country' }, { field: 'plan', as: 'country' }] },
      { path: 'select[1]', message: 'makes a second column "country"; name it with "as"' },
    ],
    [
      'a group key that is called as the count that nobody asked for',
      { groupBy: [{ bucket: 'day', field: 'timestamp', as: 'count' }] },
      {
        path: 'select',
        message:
          'is a count by default, which makes a second column "count"; select the group keys and {"aggregate":"count","as":"records"}',
      },
    ],
    [
      'a reserved name',
      { select: [{ field: 'country', as: '__proto__' }] },
      { path: 'select[0].as', message: 'must not start with "__", which is reserved' },
    ],
    [
      'null with an operator that has no use for it',
      { where: [{ field: 'plan', op: '>', value: null }] },
      { path: 'where[0].value', message: 'is null, which goes with "=" and "!=" but not with ">"' },
    ],
    [
      'a list where one value belongs',
      { where: [{ field: 'plan', op: '=', value: ['a'] }] },
      { path: 'where[0].value', message: 'is a list, which goes with "in" and "not_in" but not with "="' },
    ],
    [
      'one value where a list belongs',
      { where: [{ field: 'plan', op: 'in', value: 'a' }] },
      { path: 'where[0].value', message: 'must be a list for "in": put it in [ ]' },
    ],
    [
      'a wrong item of a list',
      { where: [{ field: 'amount', op: 'in', value: [1, 'a'] }] },
      { path: 'where[0].value[1]', message: 'is a string, but "amount" is a number' },
    ],
    [
      'a date that does not exist',
      { where: [{ field: 'signup_at', op: '>', value: '2026-02-31T00:00:00Z' }] },
      { path: 'where[0].value', message: 'is not an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z' },
    ],
    [
      'U+0000',
      { where: [{ field: 'country', op: '=', value: 'a\0' }] },
      { path: 'where[0].value', message: 'has U+0000 or an unpaired surrogate, which no record can hold' },
    ],
    [
      'an unpaired surrogate',
      { where: [{ field: 'country', op: 'contains', value: '\ud800' }] },
      { path: 'where[0].value', message: 'has U+0000 or an unpaired surrogate, which no record can hold' },
    ],
    [
      'a value for is_null',
      { where: [{ field: 'plan', op: 'is_null', value: true }] },
      { path: 'where[0].value', message: 'does not go with "is_null"' },
    ],
    ['no value', { where: [{ field: 'plan', op: '=' }] }, { path: 'where[0]', message: 'needs a "value" for "="' }],
    [
      'a group and a comparison at once',
      { where: [{ field: 'plan', op: '=', value: 'a', not: { field: 'plan', op: 'is_null' } }] },
      { path: 'where[0]', message: 'must be one comparison or one of "and", "or" and "not", not several at once' },
    ],
    [
      'a fault deep in groups',
      { where: [{ or: [{ field: 'plan', op: 'is_null' }, { not: { field: 'active', op: '=', value: 1 } }] }] },
      { path: 'where[0].or[1].not.value', message: 'is a number, but "active" is a boolean' },
    ],
    [
      'a bucket of a string',
      { groupBy: [{ bucket: 'day', field: 'country' }] },
      { path: 'groupBy[0].field', message: 'is a string, but a "bucket" is made of a timestamp' },
    ],
    [
      'an unknown time zone',
      { groupBy: [{ bucket: 'day', field: 'timestamp', timezone: 'Mars/Olympus' }] },
      { path: 'groupBy[0].timezone', message: 'names no IANA time zone: "Mars/Olympus"; one is "Europe/Bucharest"' },
    ],
    [
      'an offset as time zone',
      { groupBy: [{ bucket: 'day', field: 'timestamp', timezone: '+02:00' }] },
      { path: 'groupBy[0].timezone', message: 'names no IANA time zone: "+02:00"; one is "Europe/Bucharest"' },
    ],
    [
      'an aggregate in the order of raw rows',
      { select: [{ field: 'country' }], orderBy: [{ aggregate: 'count' }] },
      { path: 'orderBy[0].aggregate', message: 'needs a query with "groupBy" or aggregates in "select"' },
    ],
    [
      'a group key twice',
      { groupBy: ['country', 'country'] },
      { path: 'groupBy[1]', message: 'is a group key already' },
    ],
  ])('%s', (_, query, detail) => {
    expect(faults(query)).toContainEqual(detail);
  });

  test('conditions are counted and nested within bounds', () => {
    const leaf = { field: 'amount', op: '=', value: 1 } as const;
    expect(
      faults({
        where: [{ or: Array.from({ length: 60 }, () => leaf) }, { or: Array.from({ length: 60 }, () => leaf) }],
      }),
    ).toContainEqual({
      path: 'where',
      message: 'has more than 100 conditions',
    });
    let deep: NonNullable<Query['where']>[number] = leaf;
    for (let i = 0; i < 12; i++) deep = { not: deep };
    expect(faults({ where: [deep] })[0]?.message).toBe('is nested deeper than 10 levels');
  });
});
