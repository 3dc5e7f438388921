import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { CreateTokenBody } from './account.js';
import { COMPONENTS } from './components.js';
import { CreateDatasetBody } from './dataset.js';
import { LIMITS } from './limits.js';
import { ROUTES } from './openapi.js';
import { Query } from './query.js';
import { createValidators } from './validation.js';

const validators = createValidators(COMPONENTS);

test('every schema of the contract is JSON Schema, and compiles in strict mode', () => {
  const ajv = new Ajv({ validateFormats: false });
  for (const component of COMPONENTS) expect(ajv.validateSchema(component)).toBe(true);
  for (const route of ROUTES) {
    for (const schema of [route.query, route.body, ...Object.values(route.success).map((answer) => answer.schema)]) {
      if (schema === undefined) continue;
      expect(ajv.validateSchema(schema)).toBe(true);
      expect(() => validators.compile(schema)(undefined)).not.toThrow();
    }
  }
});

test('each fault is named once, at its place, in words', () => {
  const check = validators.compile(CreateDatasetBody);
  expect(check({ name: 'Orders' })).toEqual([]);
  expect(check({ nmae: 'Orders' })).toEqual([
    { path: 'name', message: 'is required' },
    { path: 'nmae', message: 'is not a known property; did you mean "name"?' },
  ]);
  expect(check({ name: 'Orders', description: 5 })).toEqual([
    { path: 'description', message: 'must be a string or null' },
  ]);
  expect(check({ name: '   ' })).toHaveLength(1);
  expect(check(JSON.parse('{"name":"x","__proto__":{"a":1}}'))).toEqual([
    { path: '__proto__', message: 'is not a known property; there is "name", "description"' },
  ]);
});

test('a timestamp is checked as strictly as the database would', () => {
  const check = validators.compile(CreateTokenBody);
  expect(check({ name: 'ci', expiresAt: '2030-01-01T00:00:00Z' })).toEqual([]);
  expect(check({ name: 'ci', expiresAt: '2030-02-31T00:00:00Z' })).toEqual([
    { path: 'expiresAt', message: expect.stringContaining('RFC 3339') },
  ]);
});

test.each([
  [{ where: [{ field: 'n', op: '==', value: 1 }] }, '='],
  [{ where: [{ field: 'n', op: 'NOT IN', value: [1] }] }, 'not_in'],
  [{ where: [{ field: 'n', op: 'startsWith', value: '1' }] }, 'starts_with'],
  [{ select: [{ aggregate: 'median', field: 'n' }] }, 'p50'],
  [{ select: [{ aggregate: 'countDistinct', field: 'n' }] }, 'count_distinct'],
  [{ groupBy: [{ bucket: 'hours', field: 'timestamp' }] }, 'hour'],
  [{ orderBy: [{ field: 'n', direction: 'descending' }] }, 'desc'],
])('a word of another language is answered with ours: %j', (query, word) => {
  expect(validators.compile(Query)(query)[0]?.message).toMatch(new RegExp(`; did you mean "${word}"\\?$`));
});

test.each(['constructor', '', 'x'.repeat(1000), 'between'])(
  'a word that means nothing here gets the list alone: %j',
  (op) => {
    const [detail] = validators.compile(Query)({ where: [{ field: 'n', op }] });
    expect(detail?.message).toMatch(/"is_not_null"$/);
  },
);

test('a name that is none is told how names are made', () => {
  expect(validators.compile(Query)({ select: [{ field: 'n', as: 'the n' }] })).toEqual([
    { path: 'select[0].as', message: 'must be a name: letters, digits and "_", not a digit first, 63 at the most' },
  ]);
});

test.each<[string, unknown, string]>([
  ['a misspelt key', { groupby: ['country'] }, 'groupby is not a known property; did you mean "groupBy"?'],
  [
    'a misspelt key of an item',
    { select: [{ agregate: 'count' }] },
    'select[0].agregate is not a known property; did you mean "aggregate"?',
  ],
  ['a column as SQL writes it', { select: ['country'] }, 'select[0] must be an object such as {"field":"country"}'],
  [
    'an expression',
    { select: ['count(*)'] },
    'select[0] must be an object such as {"field":"country"} or {"aggregate":"count"}',
  ],
  ['one column without a list', { select: 'country' }, 'select must be a list such as [{"field":"country"}]'],
  [
    'a condition as text',
    { where: ["country = 'RO'"] },
    'where[0] must be an object such as {"field":"country","op":"=","value":"RO"}',
  ],
  [
    'a condition without a list',
    { where: { field: 'plan', op: '=', value: 1 } },
    'where must be a list such as [{"field":"country","op":"=","value":"RO"}]',
  ],
  ['a name in place of a list', { groupBy: 'plan' }, 'groupBy must be a list such as ["plan"]'],
  [
    'a field where a name will do',
    { groupBy: [{ field: 'plan' }] },
    'groupBy[0].bucket is required; a field alone is written as its name: "plan"',
  ],
  [
    'a number as a name',
    { groupBy: [1] },
    'groupBy[0] must be a string or an object such as "country" or {"bucket":"hour","field":"timestamp"}',
  ],
  [
    'an order as SQL writes it',
    { orderBy: ['events'] },
    'orderBy[0] must be an object such as {"field":"events","direction":"desc"}',
  ],
  [
    'a direction of SQL',
    { orderBy: [{ field: 'n', direction: 'DESC' }] },
    'orderBy[0].direction must be one of "asc", "desc"; did you mean "desc"?',
  ],
  [
    'an operator of SQL',
    { where: [{ field: 'n', op: '<>', value: 1 }] },
    'where[0].op must be one of "=", "!=", ">", ">=", "<", "<=", "in", "not_in", "contains", "starts_with", "is_null", "is_not_null"; did you mean "!="?',
  ],
  ['a limit as text', { limit: '10' }, 'limit must be an integer'],
  ['an empty list', { select: [] }, 'select must not be empty'],
  [
    'a span in words',
    { range: '7d' },
    'range must be an object such as {"from":"2026-06-01T00:00:00Z","to":"2026-06-07T23:59:59.999999Z"}',
  ],
  [
    'a date alone',
    { range: { from: '2026-06-01' } },
    'range.from must be an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z',
  ],
  [
    'an object as value',
    { where: [{ field: 'n', op: '=', value: {} }] },
    'where[0].value must be a string or a number or true or false or null or a list',
  ],
  [
    'an object in a list',
    { where: [{ field: 'n', op: 'in', value: [1, {}] }] },
    'where[0].value[1] must be a string or a number or true or false or null',
  ],
  [
    'an unknown key',
    { offset: 10 },
    'offset is not a known property; there is "range", "select", "where", "groupBy", "having", "orderBy", "limit", "fill", "cursor", "explain"',
  ],
])('%s is answered with what to write instead', (_, query, expected) => {
  expect(
    validators
      .compile(Query)(query)
      .map(({ path, message }) => `${path} ${message}`),
  ).toEqual([expected]);
});

test('a path is cut where its names are longer than anybody reads', () => {
  const [detail] = validators.compile(Query)({ ['x'.repeat(5000)]: 1 });
  expect(detail?.path).toHaveLength(201);
});

describe('a body full of faults', () => {
  const check = validators.compile(Query);
  const bodyOf = (bytes: number, item: object) => {
    const text = JSON.stringify(item);
    return JSON.parse(`{"where":[${Array(Math.floor(bytes / (text.length + 1))).fill(text)}]}`) as object;
  };

  test.each([
    ['of constants', { op: 1 }],
    ['of kinds', { value: {} }],
    ['of names', { x: 1 }],
    ['of lists', { field: 'n', op: 'in', value: Array(500).fill({}) }],
  ])('%s, as large as a body may be, is refused at once', (_, item) => {
    const before = process.cpuUsage();
    for (const bytes of [8000, 50_000, LIMITS.controlBodyBytes]) {
      const body = bodyOf(bytes, item);
      expect(check(body).length).toBeGreaterThan(0);
    }
    const { user, system } = process.cpuUsage(before);
    // What grew with the square of the faults took minutes; JSON.parse alone of such a body takes 20 ms.
    expect((user + system) / 1000).toBeLessThan(1500);
  });

  test('is told the first hundred, and one that is very large the first', () => {
    const some = Array.from({ length: 300 }, () => ({ op: 1 }));
    const details = check({ where: some.slice(0, 100), having: some.slice(0, 100) });
    expect(details).toHaveLength(100);
    expect(details[99]).toEqual({ path: 'where[99].op', message: expect.stringMatching(/^must be one of "=", /) });
    expect(check({ where: Array(20_000).fill({ op: 1 }) })).toEqual([
      { path: 'where', message: 'must not have more than 100 entries' },
    ]);
  });
});
