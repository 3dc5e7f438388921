import { describe, expect, test } from '@jest/globals';
import type { FieldType } from '@loguro/types';
import fc from 'fast-check';
import { JSON_TEXTS, NAUGHTY_STRINGS } from '../testing/corpora.js';
import { jsonText } from './json-bytes.js';
import { LineBuffer } from './line-buffer.js';
import { createRecordEncoder } from './record-encoder.js';

const FIELDS: [string, FieldType][] = [
  ['country', 'string'],
  ['plan', 'string?'],
  ['amount', 'number'],
  ['rate', 'number?'],
  ['active', 'boolean?'],
  ['signup_at', 'timestamp?'],
];
const TRACE = 'trace-1';
const encoder = createRecordEncoder(FIELDS);

/** The line, or null when the plain encoder leaves the record to the other one. */
function plain(json: string | Buffer): string | null {
  const bytes = Buffer.from(json);
  const lines = new LineBuffer(16);
  const done = encoder.plain.encodeWhole(bytes, { lines, traceId: Buffer.from(TRACE), maxBytes: bytes.length });
  expect(done || lines.text() === '').toBe(true);
  return done ? lines.text() : null;
}

/** The line as made from what JSON.parse returns; null when the bytes are refused. */
function parsed(json: string | Buffer): string | null {
  const text = jsonText(Buffer.from(json));
  if (text === null) return null;
  try {
    return encoder.encode(JSON.parse(text.text), TRACE, text.clean);
  } catch {
    return null;
  }
}

/** A line's values as what they mean: numbers may be written in more than one way, and so may numbers in context. */
function meaning(line: string) {
  expect(line.endsWith('\n')).toBe(true);
  const [timestamp, context = '', trace, country, plan, amount, rate, ...rest] = line.slice(0, -1).split('\t');
  const number = (text: string | undefined) => (text === '\\N' ? null : Number(text));
  return {
    timestamp,
    context: JSON.stringify(JSON.parse(context)),
    trace,
    country,
    plan,
    amount: number(amount),
    rate: number(rate),
    rest,
  };
}

/** What the plain encoder takes, the other one takes as well, with the same meaning. */
function agree(json: string | Buffer): boolean {
  const line = plain(json);
  if (line === null) return false;
  const other = parsed(json);
  if (other === null) throw new Error(`The plain encoder took what is refused: ${json}`);
  // Context is compared as JSON without COPY's escapes, for plain contexts have none.
  expect(meaning(line)).toEqual(meaning(other));
  return true;
}

const good = { timestamp: '2026-06-10T10:58:00Z', context: { a: 'x' }, country: 'RO', amount: 1 };

describe('the common form needs no JSON.parse', () => {
  test.each([
    ['as JSON.stringify writes it', JSON.stringify(good)],
    [
      'as other languages write it',
      '{"timestamp": "2026-06-10T10:58:00Z", "context": {"a": [1, 2.5, null]}, "country": "RO", "amount": 100.0}',
    ],
    ['over several lines', JSON.stringify(good, null, 2)],
    ['in another order', '{"amount":-0,"country":"","context":{},"timestamp":"2026-06-10T10:58:00.123456Z"}'],
    [
      'with every field',
      JSON.stringify({ ...good, plan: 'pro', rate: 0.5, active: false, signup_at: '2026-06-10T10:58:00+02:00' }),
    ],
    ['with nulls', JSON.stringify({ ...good, plan: null, rate: null, active: null, signup_at: null })],
    ['in any script', JSON.stringify({ ...good, country: 'Țara Românească 🇷🇴', context: { ключ: '値' } })],
  ])('%s', (_, json) => {
    expect(agree(json)).toBe(true);
  });
});

test('whitespace between the tokens of a context is not stored', () => {
  expect(
    plain('{"timestamp":"2026-06-10T10:58:00Z","context":{ "a b" : [ 1 ,\n "c  d" ] },"country":"RO","amount":1}'),
  ).toContain('\t{"a b":[1,"c  d"]}\t');
});

describe('left to JSON.parse', () => {
  test.each([
    ['an escape', '{"timestamp":"2026-06-10T10:58:00Z","context":{},"country":"R\\u004f","amount":1}'],
    [
      'an escape in the context',
      '{"timestamp":"2026-06-10T10:58:00Z","context":{"a":"\\n"},"country":"RO","amount":1}',
    ],
    ['an exponent', '{"timestamp":"2026-06-10T10:58:00Z","context":{},"country":"RO","amount":1e400}'],
    [
      'a long number',
      '{"timestamp":"2026-06-10T10:58:00Z","context":{"id":12345678901234567890},"country":"RO","amount":1}',
    ],
    [
      'a field given twice',
      '{"timestamp":"2026-06-10T10:58:00Z","context":{},"country":"RO","country":"DE","amount":1}',
    ],
    ['an unknown field', JSON.stringify({ ...good, contry: 'RO' })],
    ['a missing field', JSON.stringify({ ...good, amount: undefined })],
    ['a null in a required field', JSON.stringify({ ...good, amount: null })],
    ['a wrong type', JSON.stringify({ ...good, amount: '1' })],
    ['no timestamp', JSON.stringify({ ...good, timestamp: '2026-02-30T00:00:00Z' })],
    ['a raw line break in a string', '{"timestamp":"2026-06-10T10:58:00Z","context":{},"country":"R\nO","amount":1}'],
    [
      'a deep context',
      `{"timestamp":"2026-06-10T10:58:00Z","context":${'{"a":'.repeat(33)}1${'}'.repeat(33)},"country":"RO","amount":1}`,
    ],
    ['something after the record', `${JSON.stringify(good)}{}`],
    ['bytes that are not UTF-8', Buffer.from(JSON.stringify(good).replace('RO', '\xff'), 'latin1')],
    ['nothing', ''],
  ])('%s', (_, json) => {
    expect(plain(json)).toBeNull();
  });
});

test('a context as deep as allowed is stored', () => {
  expect(agree(JSON.stringify(good).replace('{"a":"x"}', `${'{"a":'.repeat(32)}1${'}'.repeat(32)}`))).toBe(true);
});

describe('both encoders agree', () => {
  const places = [
    '"country":"RO"',
    '"amount":1',
    '"context":{"a":"x"}',
    '{"a":"x"}',
    '"x"',
    '"2026-06-10T10:58:00Z"',
    '"a"',
  ];

  test('on every text of the JSON Parsing Test Suite, in every place of a record', () => {
    let compared = 0;
    for (const { input: value } of JSON_TEXTS) {
      agree(Buffer.from(value));
      for (const place of places) {
        const [before = '', after = ''] = JSON.stringify(good).split(place);
        agree(Buffer.concat([Buffer.from(before), Buffer.from(value), Buffer.from(after)]));
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });

  test('on strings that broke other programs', () => {
    for (const text of NAUGHTY_STRINGS) {
      agree(JSON.stringify({ ...good, country: text, context: { [text]: [text] }, timestamp: '2026-06-10T10:58:00Z' }));
    }
    expect(agree(JSON.stringify(good))).toBe(true);
  });

  const value = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.double().map(String),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  );
  const timestamp = fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date)),
    fc.constantFrom('"2026-06-10T10:58:60Z"', '"2026-13-10T10:58:00Z"', 'null', '""'),
  );
  /** Mostly what is common, so that a record of nine fields is often common as a whole. */
  const mostly = (common: fc.Arbitrary<string>, rest: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 9, arbitrary: common }, { weight: 1, arbitrary: rest });
  const words = fc.constantFrom('"RO"', '""', '"a b"', '"Țara"', '"}"', '"[,:"');
  const decimals = fc.constantFrom('0', '1', '-0', '1.50', '100.0', '-12.25', '123456789012345');
  const oddNumbers = fc.oneof(fc.double().map(String), fc.constantFrom('01', '-', '.5', '5.', '1e5', '0.1', '1E400'));
  const record = fc.record(
    {
      timestamp: mostly(fc.constant('"2026-06-10T10:58:00.5Z"'), timestamp),
      context: mostly(fc.constantFrom('{}', '{"a":1}', '{"a":{"b":[true,null,"x"]}}'), value),
      country: mostly(words, value),
      plan: mostly(fc.oneof(fc.constant('null'), words), value),
      amount: mostly(decimals, oddNumbers),
      rate: mostly(fc.oneof(fc.constant('null'), decimals), oddNumbers),
      active: mostly(fc.constantFrom('true', 'false', 'null'), fc.constantFrom('tru', 'truex', '1')),
      signup_at: mostly(fc.constantFrom('null', '"2026-06-10T10:58:00+02:00"'), timestamp),
      other: value,
    },
    { requiredKeys: ['timestamp', 'context', 'country', 'amount'] },
  );
  const space = fc.constantFrom('', '', ' ', '\n', '\t ');

  test('on records of every kind, in every order and spacing', () => {
    let taken = 0;
    fc.assert(
      fc.property(record, fc.array(fc.nat()), fc.array(space, { minLength: 1 }), (fields, shuffle, spaces) => {
        const entries = Object.entries(fields).filter(([name, text]) => name !== 'other' || text.length % 7 === 0);
        entries.sort(([a], [b]) => (shuffle[a.length] ?? 0) - (shuffle[b.length] ?? 0));
        let turn = 0;
        const gap = () => spaces[turn++ % spaces.length];
        const members = entries.map(([name, text]) => `${gap()}"${name}"${gap()}:${gap()}${text}${gap()}`);
        if (agree(`{${members.join(',')}}`)) taken += 1;
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  test('on records with bytes changed, lost or doubled', () => {
    const whole = Buffer.from(
      JSON.stringify({ ...good, plan: 'é', rate: -1.5, active: true, signup_at: '2026-06-01T08:00:00Z' }),
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.constantFrom(0, 1, 2), fc.nat(255), (at, drop, byte) => {
        const middle = drop === 2 ? whole.subarray(at, at + 1) : Buffer.from([byte]);
        agree(Buffer.concat([whole.subarray(0, at), middle, whole.subarray(at + (drop === 1 ? 1 : 0))]));
      }),
      { numRuns: 6000 },
    );
  });
});
