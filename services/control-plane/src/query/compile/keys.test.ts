import { describe, expect, test } from '@jest/globals';
import { ApiError, type ErrorDetail, type Query } from '@loguro/types';
import { compileQuery } from './compile-query.js';

/** Some fields are called as a bucket is unless it is named. */
const dataset = { id: 1, fields: { country: 'string', plan: 'string?', amount: 'number', day: 'string' } as const };
const compile = (query: Query) => compileQuery(dataset, query, { now: new Date('2026-06-10T12:00:00Z') });
const columns = (query: Query) => compile(query).columns.map(({ name, type }) => `${name}: ${type}`);

/** The details of the refusal; none when the query is good. */
function faults(query: Query): ErrorDetail[] {
  try {
    compile(query);
    return [];
  } catch (error) {
    if (error instanceof ApiError && error.code === 'invalid_query') return error.details ?? [];
    throw error;
  }
}

const hour = { bucket: 'hour', field: 'timestamp' } as const;
const inBucharest = { bucket: 'day', field: 'timestamp', timezone: 'Europe/Bucharest' } as const;

describe('a bucket in orderBy', () => {
  test('may be written as it is in groupBy, name included', () => {
    const groupBy = [{ ...hour, as: 'at' }];
    const { text } = compile({ groupBy, orderBy: [{ ...hour, as: 'at', direction: 'desc' }] });
    expect(text).toContain('ORDER BY c0 DESC');
    expect(faults({ groupBy, orderBy: [hour] })).toEqual([]);
    expect(faults({ groupBy: [hour], orderBy: [{ ...hour, as: 'hour' }] })).toEqual([]);
  });

  test('that gives it another name than groupBy is refused with the name it has', () => {
    expect(faults({ groupBy: [{ ...hour, as: 'at' }], orderBy: [{ ...hour, as: 'hour' }] })).toEqual([
      { path: 'orderBy[0].as', message: 'must be "at", as it is called in this query, or be left out' },
    ]);
  });

  test('may have a name among raw rows, but not that of another column', () => {
    const select = [{ field: 'amount', as: 'at' }];
    expect(faults({ select, orderBy: [{ ...hour, as: 'hour' }] })).toEqual([]);
    expect(faults({ select, orderBy: [{ ...hour, as: 'at' }] })).toEqual([
      { path: 'orderBy[0].as', message: 'is the name of another column; leave it out' },
    ]);
  });

  test('without the time zone of the group key is refused with that zone', () => {
    const message =
      'is in the time zone "UTC", but in "groupBy" it is in "Europe/Bucharest": use that, or say {"field":"day"}';
    const at = (path: string) => [{ path, message }];
    expect(faults({ groupBy: [inBucharest], orderBy: [{ bucket: 'day', field: 'timestamp' }] })).toEqual(
      at('orderBy[0]'),
    );
    expect(faults({ groupBy: [inBucharest], select: [{ bucket: 'day', field: 'timestamp' }] })).toEqual(
      at('select[0]'),
    );
  });

  test('that is no group key is refused with the bucket that is', () => {
    expect(faults({ groupBy: [hour], orderBy: [inBucharest] })).toEqual([
      { path: 'orderBy[0]', message: 'is a bucket that is not in "groupBy", which has "hour"' },
    ]);
    expect(faults({ groupBy: ['country'], orderBy: [hour] })).toEqual([
      {
        path: 'orderBy[0]',
        message: 'is a bucket that is not in "groupBy": add {"bucket":"hour","field":"timestamp"} there',
      },
    ]);
  });
});

test('what is ordered by may be repeated as it stands in select', () => {
  const select = [
    { field: 'country', as: 'c' },
    { aggregate: 'sum', field: 'amount', as: 'total' },
  ] as const;
  const query: Query = { select: [...select], groupBy: ['country'], orderBy: [...select] };
  expect(faults(query)).toEqual([]);
  expect(faults({ ...query, orderBy: [{ ...select[1], as: 'sum' }] })).toEqual([
    { path: 'orderBy[0].as', message: 'must be "total", as it is called in this query, or be left out' },
  ]);
});

describe('one name means one thing', () => {
  test.each<[string, Query, string]>([
    ['a bucket and a field', { groupBy: [{ bucket: 'day', field: 'timestamp' }, 'day'] }, 'groupBy[1]'],
    ['a field and a bucket', { groupBy: ['day', { bucket: 'day', field: 'timestamp' }] }, 'groupBy[1].as'],
    ['two buckets', { groupBy: [inBucharest, { bucket: 'day', field: 'timestamp' }] }, 'groupBy[1].as'],
  ])('two group keys of one name are refused: %s', (_, query, path) => {
    expect(faults(query)).toEqual([{ path, message: 'makes a second group key "day"; name the bucket with "as"' }]);
    expect(faults({ ...query, select: [{ field: 'day' }, { aggregate: 'count' }] }).map((fault) => fault.path)).toEqual(
      [path],
    );
  });

  test.each<[string, Query, string]>([
    ['an aggregate', { groupBy: ['country'], select: [{ aggregate: 'count', as: 'country' }] }, 'country'],
    [
      'another key',
      { groupBy: ['country', 'plan'], select: [{ field: 'plan', as: 'country' }, { aggregate: 'count' }] },
      'country',
    ],
  ])('no column takes the name of a group key: %s', (_, query, name) => {
    expect(faults(query)).toEqual([
      {
        path: 'select[0]',
        message: `is called "${name}", as a group key that is something else; name it differently with "as"`,
      },
    ]);
  });

  test('an aggregate may be called as the field it is made of, and is what having and orderBy mean by that', () => {
    const { text } = compile({
      select: [{ field: 'country' }, { aggregate: 'sum', field: 'amount', as: 'amount' }],
      groupBy: ['country'],
      having: [{ field: 'amount', op: '>', value: 1 }],
      orderBy: [{ field: 'amount', direction: 'desc' }],
    });
    expect(text).toContain('sum("amount") AS c1');
    expect(text).toContain('WHERE c1 > $');
    expect(text).toContain('ORDER BY c1 DESC');
  });
});

describe('groupBy by the name that select gives a field', () => {
  test('groups by that field, which both of its names order and filter', () => {
    const query: Query = { select: [{ field: 'country', as: 'c' }, { aggregate: 'count' }], groupBy: ['c'] };
    expect(columns(query)).toEqual(['c: string', 'count: number']);
    expect(compile(query).text).toContain('"country" AS c0');
    for (const field of ['c', 'country']) {
      const having = [{ field, op: '!=', value: 'RO' } as const];
      expect(faults({ ...query, having, orderBy: [{ field }] })).toEqual([]);
    }
  });

  test('means the declared field where there is one of that name', () => {
    const query: Query = { select: [{ field: 'country', as: 'plan' }, { aggregate: 'count' }], groupBy: ['plan'] };
    expect(faults(query)).toEqual([
      { path: 'select[0].field', message: 'must be in "groupBy": add "country", or aggregate it' },
    ]);
  });

  test('is a group key only once, whatever its name', () => {
    expect(faults({ select: [{ field: 'country', as: 'c' }], groupBy: ['c', 'country'] })).toEqual([
      { path: 'groupBy[1]', message: 'is a group key already, as "c"' },
    ]);
  });

  test('is refused for what makes no groups', () => {
    expect(faults({ select: [{ aggregate: 'count', as: 'n' }], groupBy: ['n'] })).toEqual([
      { path: 'groupBy[0]', message: 'names an aggregate; groups are made of fields and time buckets: "n"' },
    ]);
    expect(faults({ select: [{ field: 'context', as: 'c' }], groupBy: ['c'] })[0]).toEqual({
      path: 'groupBy[0]',
      message: 'names "context", which can be selected as it is and nothing else',
    });
  });
});
