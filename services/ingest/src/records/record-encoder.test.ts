import { describe, expect, test } from '@jest/globals';
import type { FieldType } from '@loguro/types';
import { createRecordEncoder } from './record-encoder.js';

const FIELDS: [string, FieldType][] = [
  ['country', 'string'],
  ['plan', 'string?'],
  ['amount', 'number'],
  ['active', 'boolean?'],
  ['signup_at', 'timestamp?'],
];
const encoder = createRecordEncoder(FIELDS);
const good = { timestamp: '2026-06-10T10:58:00Z', context: {}, country: 'RO', amount: 1 };
const encode = (record: unknown) => encoder.encode(record, 'trace-1', false);
/** The record as it comes from JSON, with some of it replaced. */
const withJson = (json: string) => JSON.parse(JSON.stringify(good).replace(/\}$/, `,${json}}`));

/** A refused record has at least one fault; returns the first as one line. */
function faultOf(record: unknown): string {
  expect(encode(record)).toBeNull();
  const [detail] = encoder.explain(record, 100);
  if (detail === undefined) throw new Error('The record was refused without a reason.');
  return `${detail.path}: ${detail.message}`;
}

test('a record becomes one line: timestamp, context, trace id, then the fields in the order of registration', () => {
  const record = { ...good, context: { a: 'x\ty' }, signup_at: '2026-06-01T10:00:00+02:00', active: false, plan: null };
  expect(encode(record)).toBe('2026-06-10T10:58:00Z\t{"a":"x\\\\ty"}\ttrace-1\tRO\t\\N\t1\tf\t2026-06-01T08:00:00Z\n');
});

test('characters that mean something to COPY are escaped', () => {
  expect(encode({ ...good, country: 'a\\b\nc\rd\te\\N\\.' })).toContain('\ta\\\\b\\nc\\rd\\te\\\\N\\\\.\t');
});

test.each([
  [-0, '-0'],
  [5e-324, '5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [0.1 + 0.2, '0.30000000000000004'],
])('the number %p keeps its double value', (amount, text) => {
  expect(encode({ ...good, amount })?.split('\t')[5]).toBe(text);
});

describe('a record is refused, and the message says how to mend it, when', () => {
  test.each<[string, unknown, string]>([
    ['it is an array', [good], ': must be an object, got an array'],
    ['it is null', null, ': must be an object, got null'],
    ['it is a string', 'x', ': must be an object, got the string "x"'],
    ['a number is a string', { ...good, amount: '12' }, 'amount: must be a number, got the string "12"'],
    ['a required field is null', { ...good, country: null }, 'country: must be a string, got null'],
    ['a boolean is a number', { ...good, active: 1 }, 'active: must be true or false, got the number 1'],
    ['a field is an object', { ...good, plan: {} }, 'plan: must be a string, got an object'],
    [
      'a name is misspelt',
      { ...good, contry: 'RO' },
      'contry: is not a field of this dataset; did you mean "country"?',
    ],
    [
      'a name differs in case',
      { ...good, Amount: 1 },
      'Amount: is not a field of this dataset; did you mean "amount"?',
    ],
    ['a field is unknown', { ...good, zzzzzz: 1 }, 'zzzzzz: is not a field of this dataset'],
    [
      'a day does not exist',
      { ...good, timestamp: '2026-02-30T00:00:00Z' },
      'timestamp: must be an RFC 3339 timestamp',
    ],
    ['context is an array', { ...good, context: [] }, 'context: must be an object, got an array'],
    ['context is null', { ...good, context: null }, 'context: must be an object, got null'],
    ['a string has U+0000', { ...good, country: 'a\0b' }, 'country: must not contain U+0000'],
    [
      'a string has half a character',
      { ...good, country: '\ud800' },
      'country: must not contain an unpaired surrogate',
    ],
    ['context has U+0000', { ...good, context: { a: [{ b: '\0' }] } }, 'context.a[0].b: must not contain U+0000'],
    ['a context key has U+0000', { ...good, context: { 'a\0': 1 } }, 'context: has the key "a\\u0000", which must not'],
    ['a context key has half a character', { ...good, context: { '\udc00': 1 } }, 'context: has the key'],
    ['a number is too large', withJson('"amount":1e400'), 'amount: must be a number that fits a 64-bit double'],
    ['a context number is too large', withJson('"context":{"n":-1e400}'), 'context.n: must be a number that fits'],
    ['it has __proto__', withJson('"__proto__":{"country":"RO"}'), '__proto__: is not a field of this dataset'],
    ['it has constructor', withJson('"constructor":1'), 'constructor: is not a field of this dataset'],
  ])('%s', (_what, record, fault) => {
    expect(faultOf(record).startsWith(fault)).toBe(true);
  });

  test.each(['timestamp', 'context', 'country', 'amount'])('%s is missing', (name) => {
    const record: Record<string, unknown> = { ...good };
    delete record[name];
    expect(faultOf(record)).toMatch(new RegExp(`^${name}: is required`));
  });

  test('context is nested deeper than 32 levels', () => {
    const nested = (levels: number): unknown => (levels === 0 ? {} : { a: nested(levels - 1) });
    expect(encode({ ...good, context: nested(31) })).not.toBeNull();
    expect(faultOf({ ...good, context: nested(32) })).toMatch(/nested deeper than 32 levels$/);
  });

  test('nesting is so deep that recursion would overflow', () => {
    const context = JSON.parse(`${'{"a":'.repeat(50_000)}{}${'}'.repeat(50_000)}`);
    expect(faultOf({ ...good, context })).toMatch(/nested deeper than 32 levels$/);
  });
});

test('all faults of a record are told at once, up to the maximum', () => {
  const record = { country: 1, amount: 'x', nope: true };
  expect(encoder.explain(record, 100).map(({ path }) => path)).toEqual([
    'country',
    'amount',
    'nope',
    'timestamp',
    'context',
  ]);
  expect(encoder.explain(record, 2)).toHaveLength(2);
});

test('a record full of unknown names is refused at once, however many names are known', () => {
  const wide = createRecordEncoder(Array.from({ length: 200 }, (_, i) => [`field_number_${i}`, 'string?']));
  const names = Object.fromEntries(Array.from({ length: 25_000 }, (_, i) => [`k${i}`, 1]));
  const before = process.cpuUsage();
  expect(wide.explain(names, 100)).toHaveLength(100);
  const { user, system } = process.cpuUsage(before);
  // Told only the first hundred, of which each is compared 200 times; all of them took minutes.
  expect((user + system) / 1000).toBeLessThan(1000);
});

test('a field may have a name that every object inherits', () => {
  const odd = createRecordEncoder([
    ['constructor', 'string?'],
    ['toString', 'number'],
  ]);
  const { timestamp, context } = good;
  expect(odd.encode({ timestamp, context, toString: 1 }, 't', false)).toBe(`${timestamp}\t{}\tt\t\\N\t1\n`);
  expect(odd.encode({ timestamp, context }, 't', false)).toBeNull();
  expect(odd.explain({ timestamp, context }, 9)).toEqual([{ path: 'toString', message: 'is required: a number' }]);
});

test('__proto__ in the context is kept as the key it is, and changes no prototype', () => {
  const record = withJson('"context":{"__proto__":{"polluted":true}}');
  expect(encode(record)).toContain('{"__proto__":{"polluted":true}}');
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('long names and values are cut in messages', () => {
  const [unknown, value] = encoder.explain(
    { ...good, ['x'.repeat(100_000)]: 1, country: 5, amount: 'y'.repeat(99_999) },
    9,
  );
  expect(JSON.stringify([unknown, value]).length).toBeLessThan(500);
});
