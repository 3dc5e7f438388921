import { describe, expect, test } from '@jest/globals';
import { ApiError } from './errors.js';
import { fieldList, parseFields, sameFields } from './fields.js';

function faults(body: unknown): Record<string, string> {
  try {
    parseFields(body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect(error.code).toBe('invalid_schema');
    return Object.fromEntries((error.details ?? []).map(({ path, message }) => [path, message]));
  }
  throw new Error('the schema was accepted');
}

describe('both forms of a registration mean the same', () => {
  test('wrapped and bare', () => {
    const fields = { country: 'string', plan: 'string?' } as const;
    expect(parseFields({ fields })).toEqual(fields);
    expect(parseFields(fields)).toEqual(fields);
  });

  test('a bare field may itself be called "fields"', () => {
    expect(parseFields({ fields: 'string', amount: 'number' })).toEqual({ fields: 'string', amount: 'number' });
  });

  test('wrapped fields beside others are refused rather than half-read', () => {
    expect(faults({ fields: { a: 'string' }, b: 'number' })).toEqual({ b: 'stands beside "fields"' });
  });
});

test.each([
  ['timestamp', /already/],
  ['Context', /already/],
  ['__traceId', /reserved/],
  ['xmin', /the database keeps/],
  ['__proto__', /reserved/],
  ['1st', /start with a letter/],
  ['a-b', /start with a letter/],
  ['a"; drop table accounts; --', /start with a letter/],
  ['naïve', /start with a letter/],
  ['x'.repeat(64), /63 characters/],
  ['', /start with a letter/],
])('the name %j is refused with its reason', (name, reason) => {
  expect(faults(JSON.parse(`{${JSON.stringify(name)}:"string"}`))[name]).toMatch(reason);
});

test('what is wrong is said in the sentence too, and never with a whole body in it', () => {
  const refused = { amount: 'text', ['x'.repeat(100_000)]: 'string' };
  const check = () => parseFields(refused);
  expect(check).toThrow(
    /^The schema was not registered: amount must be one of string, .* \(and 1 more: see "details"\)\.$/,
  );
  expect(JSON.stringify(faults(refused)).length).toBeLessThan(1000);
});

test.each(['text', 'String', 'string??', '?', null, 1, {}, ['string']])('the type %j is refused', (type) => {
  expect(faults({ ok: 'string', field: type })).toEqual({
    field: expect.stringContaining('string, number, boolean, timestamp'),
  });
});

test('names that PostgreSQL keeps apart but people confuse are refused', () => {
  expect(faults({ Amount: 'number', amount: 'number' })).toEqual({ amount: 'differs from "Amount" only in case' });
});

test('1 to 200 fields', () => {
  const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, 'number'] as const));
  expect(Object.keys(parseFields(many(200)))).toHaveLength(200);
  expect(() => parseFields(many(201))).toThrow(/at most 200/);
  expect(faults({})).toEqual({ '': 'must declare at least one field' });
});

test.each([[[]], [null], ['string'], [1]])('%j is not a schema', (body) => {
  expect(() => parseFields(body)).toThrow(ApiError);
});

test('names of Object.prototype are ordinary names', () => {
  const fields = parseFields({ constructor: 'string', toString: 'number?', hasOwnProperty: 'boolean' });
  expect(fieldList(fields)).toEqual([
    { name: 'constructor', type: 'string', optional: false },
    { name: 'toString', type: 'number', optional: true },
    { name: 'hasOwnProperty', type: 'boolean', optional: false },
  ]);
});

test('registrations are compared by content, not by order', () => {
  expect(sameFields({ a: 'string', b: 'number' }, { b: 'number', a: 'string' })).toBe(true);
  expect(sameFields({ a: 'string' }, { a: 'string?' })).toBe(false);
  expect(sameFields({ a: 'string' }, { a: 'string', b: 'number' })).toBe(false);
  expect(sameFields({ a: 'string' }, JSON.parse('{"toString":"string"}'))).toBe(false);
});
