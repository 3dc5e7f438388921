import { type FieldBaseType, type Fields, type FieldType, formatInstant, parseTimestamp } from '@loguro/types';
import fc from 'fast-check';
import type { TestRecord } from './record-fixture.js';

/** A dataset for the oracle. */
export interface Data {
  fields: Fields;
  records: TestRecord[];
  /** Numbers of any size and precision, whose sums depend on their order; else sums are exact. */
  wild: boolean;
}

const NAMES = ['country', 'plan', 'amount', 'active', 'select', 'Order', '_y', 'signup_at', 'n2', 'group', 'hour'];
const TYPES: FieldType[] = ['string', 'number', 'boolean', 'timestamp', 'string?', 'number?', 'boolean?', 'timestamp?'];

/** Few values, so that groups have members, and among them what goes wrong easily. */
const STRINGS = [
  '',
  'a',
  'A',
  'ab',
  'b',
  'é',
  'e\u0301',
  '\u{10000}',
  '\uffff',
  '%',
  '_',
  "'",
  '"',
  '\\',
  '$1',
  'a\nb',
  '\t,',
  'ÿ',
  '1',
  'null',
];
const text = fc.oneof({ arbitrary: fc.constantFrom(...STRINGS), weight: 6 }, { arbitrary: wellFormed(), weight: 1 });
const exact = fc.oneof(
  fc.integer({ min: -8, max: 8 }),
  fc.integer({ min: -4_000_000, max: 4_000_000 }).map((n) => n / 4),
);
const anyDouble = fc.oneof(
  fc.constantFrom(0.1, 0.2, -0.3, 5e-324, 1e300, -1e300, 1e-7, 123456789012345680000, Number.MAX_SAFE_INTEGER),
  // Zero has one sign here: two zeros are one group, and nothing says which of them names it.
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }).map((n) => n + 0),
);

function wellFormed() {
  // PostgreSQL has no U+0000, and an unpaired surrogate is no text. (A string of fast-check's unit `binary` is the
  // same, but takes three seconds to list every character there is.)
  const character = fc
    .oneof(fc.integer({ min: 1, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
    .map((point) => String.fromCodePoint(point));
  return fc.array(character, { maxLength: 6 }).map((characters) => characters.join(''));
}

const MOMENTS = [
  '0001-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999999Z',
  '2026-03-29T00:59:59.999999Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T00:30:00Z',
  '2026-10-25T01:30:00Z',
  '2026-11-01T05:30:00Z',
  '2026-11-01T06:30:00Z',
  '2026-12-31T22:00:00Z',
  '9999-12-31T23:59:59.999999Z',
];

/** Instants near changes of the clock, mostly, and at the ends of time. */
export const timestamp: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...MOMENTS), weight: 2 },
  { arbitrary: around('2026-03-29T01:00:00Z'), weight: 4 },
  { arbitrary: around('2026-10-25T01:00:00Z'), weight: 4 },
);

function around(moment: string): fc.Arbitrary<string> {
  const { seconds } = parseTimestamp(moment) as { seconds: number };
  const micros = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999 }));
  const distance = fc.integer({ min: -3 * 86_400, max: 3 * 86_400 });
  return fc
    .tuple(distance, micros)
    .map(([far, fraction]) => formatInstant({ seconds: seconds + far, micros: fraction }));
}

/** A value for a field. */
export function valueFor(type: FieldBaseType, wild: boolean): fc.Arbitrary<string | number | boolean> {
  switch (type) {
    case 'string':
      return text;
    case 'number':
      return wild ? anyDouble : exact;
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return timestamp;
  }
}

/** A schema and records that fit it. */
export const data: fc.Arbitrary<Data> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 6 }),
    fc.array(fc.constantFrom(...TYPES), { minLength: 6, maxLength: 6 }),
    fc.boolean(),
  )
  .chain(([names, types, wild]) => {
    const fields: Fields = Object.fromEntries(names.map((name, i) => [name, types[i] as FieldType]));
    const columns = Object.entries(fields).map(([name, type]): [string, fc.Arbitrary<unknown>] => {
      const value = valueFor(type.replace('?', '') as FieldBaseType, wild);
      return [name, type.endsWith('?') ? fc.option(value, { freq: 3 }) : value];
    });
    const record = fc.record({ timestamp, ...Object.fromEntries(columns) }) as fc.Arbitrary<TestRecord>;
    return fc.array(record, { minLength: 0, maxLength: 60, size: 'max' }).map((records) => ({ fields, records, wild }));
  });
