import { describe, expect, test } from '@jest/globals';
import { RecordEncoder } from '../ingest/record-encoder.js';
import { createRecordCheck } from './check-record.js';

const fields = {
  country: 'string',
  amount: 'number',
  paid: 'boolean',
  signup_at: 'timestamp',
  plan: 'string?',
} as const;
const check = createRecordCheck(fields);
const good = {
  timestamp: '2026-06-10T10:58:00Z',
  context: { source: 'billing' },
  country: 'RO',
  amount: 42.5,
  paid: true,
  signup_at: '2026-06-01T08:00:00Z',
};

test('a record that fits has no faults; optional fields may be absent, undefined or null', () => {
  expect(check(good)).toEqual([]);
  expect(check({ ...good, plan: null })).toEqual([]);
  expect(check({ ...good, plan: undefined })).toEqual([]);
  expect(check({ ...good, plan: 'pro' })).toEqual([]);
});

test.each([
  [{ ...good, amount: '42' }, 'amount', 'must be a number, got the string "42"'],
  [{ ...good, amount: null }, 'amount', 'must be a number, got null'],
  [
    { ...good, amount: Number.POSITIVE_INFINITY },
    'amount',
    'must be a number that fits a 64-bit double; this one is too large',
  ],
  [{ ...good, amount: Number.NaN }, 'amount', 'must be a number, got the number NaN'],
  [{ ...good, amount: 10n }, 'amount', 'must be a number, got the bigint 10'],
  [{ ...good, paid: 'yes' }, 'paid', 'must be true or false, got the string "yes"'],
  [{ ...good, country: ['RO'] }, 'country', 'must be a string, got an array'],
  [{ ...good, country: 'R\0' }, 'country', 'must not contain U+0000'],
  [{ ...good, country: '\ud800' }, 'country', 'must not contain an unpaired surrogate; it can not be written as UTF-8'],
  [{ ...good, contry: 'RO' }, 'contry', 'is not a field of this dataset; did you mean "country"?'],
  [{ ...good, zebra: 1 }, 'zebra', 'is not a field of this dataset'],
  [{ ...good, context: [] }, 'context', 'must be an object, got an array'],
  [{ ...good, context: { a: { b: ['x\0'] } } }, 'context.a.b[0]', 'must not contain U+0000'],
  [{ ...good, context: { a: Number.NaN } }, 'context.a', 'must be a number, got the number NaN'],
  [{ ...good, context: { a: 1n } }, 'context.a', 'must be a number, got the bigint 1'],
  [
    { ...good, timestamp: undefined },
    'timestamp',
    'is required: an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z',
  ],
])('record %# has one fault, and it says where and what', (record, path, message) => {
  expect(check(record)).toEqual([{ path, message }]);
});

test('dates are checked as the text they are sent as', () => {
  expect(check({ ...good, signup_at: new Date(), timestamp: new Date() })).toEqual([]);
  expect(check({ ...good, signup_at: new Date(Number.NaN) })[0]?.message).toMatch(/RFC 3339 .*, got null$/);
  expect(check({ ...good, signup_at: new Date('+012345-01-01') })[0]?.message).toMatch(/years 0001 to 9999/);
});

test('all faults are told at once: in the order of the keys, missing fields last', () => {
  const details = check({ amount: 'x', context: {}, country: 1 });
  expect(details.map(({ path }) => path)).toEqual(['amount', 'country', 'timestamp', 'paid', 'signup_at']);
});

test.each([null, undefined, 'x', 1, []])('%j is no record', (record) => {
  expect(check(record)).toHaveLength(1);
});

test('context may be 32 levels deep and no deeper', () => {
  const nest = (levels: number): object => (levels === 1 ? {} : { a: nest(levels - 1) });
  expect(check({ ...good, context: nest(32) })).toEqual([]);
  expect(check({ ...good, context: nest(33) })).toEqual([
    { path: `context${'.a'.repeat(32)}`, message: 'is nested deeper than 32 levels' },
  ]);
});

test('an object that contains itself many times over is refused in no time', () => {
  const context: Record<string, unknown> = {};
  for (let i = 0; i < 50; i++) context[`k${i}`] = context;
  const start = performance.now();
  expect(check({ ...good, context })).toHaveLength(100);
  expect(performance.now() - start).toBeLessThan(1000);
});

test('without a definition, what holds for every dataset is still checked', () => {
  const any = createRecordCheck();
  expect(any({ timestamp: '2026-06-10T10:58:00Z', context: {}, whatever: 1, more: 'x' })).toEqual([]);
  expect(any({ timestamp: 'today', context: {}, x: Number.NaN, y: '\0' }).map(({ path }) => path)).toEqual([
    'timestamp',
    'x',
    'y',
  ]);
});

describe('thousands of names that are no fields take no time', () => {
  const many = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) => [`${prefix}_with_a_rather_long_name_${i}`, 'string?']);
  const fields = Object.fromEntries(many('field', 200)) as Record<string, 'string?'>;

  test('in one record', () => {
    const begun = performance.now();
    const record = { ...good, ...Object.fromEntries(many('feild', 5000)) };
    expect(createRecordCheck(fields)(record)).toHaveLength(100);
    // Half a second; comparing all of them takes half a minute.
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  test('in the records of a batch', () => {
    const begun = performance.now();
    const records = many('feild', 5000).map(([name = '']) => ({ [name]: 1 }));
    expect(() => new RecordEncoder(fields).encodeBatch(records)).toThrow('5000 of 5000 records do not fit');
    expect(performance.now() - begun).toBeLessThan(4000);
  });
});
