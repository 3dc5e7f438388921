import { expect, test } from '@jest/globals';
import { type FieldType, MAX_ERROR_DETAILS, parseTimestamp } from '@loguro/types';
import fc from 'fast-check';
import { LoguroError } from '../../../packages/datasets/src/errors.js';
import { RecordEncoder } from '../../../packages/datasets/src/ingest/record-encoder.js';
import { createRecordCheck } from '../../../packages/datasets/src/records/check-record.js';
import { isTimestamp } from '../../../packages/datasets/src/records/timestamp.js';
import { refusal } from '../../../services/ingest/src/api/answers.js';
import { createRecordEncoder } from '../../../services/ingest/src/records/record-encoder.js';

// The SDK checks records before it sends them, with code of its own: it may not import the server's, and has to be
// small. Here both judge the same records, and have to say the same, word for word.

const FIELDS: [string, FieldType][] = [
  ['country', 'string'],
  ['amount', 'number'],
  ['paid', 'boolean'],
  ['signup_at', 'timestamp'],
  ['plan', 'string?'],
  ['discount', 'number?'],
  ['constructor', 'string?'],
  ['hasOwnProperty', 'boolean?'],
];
const server = createRecordEncoder(FIELDS);
const sdk = createRecordCheck(Object.fromEntries(FIELDS));

/** What the server would say; also that its fast path and its explanation agree. */
function serverSays(record: unknown) {
  const details = server.explain(record, MAX_ERROR_DETAILS);
  expect(server.encode(record, 'trace', false) === null).toBe(details.length > 0);
  return details;
}

const good = {
  timestamp: '2026-06-10T10:58:00Z',
  context: { source: 'billing' },
  country: 'RO',
  amount: 42.5,
  paid: true,
  signup_at: '2026-06-01T08:00:00Z',
};
const nest = (levels: number): object => (levels === 1 ? {} : { a: nest(levels - 1) });
const corpus: unknown[] = [
  good,
  null,
  [],
  'record',
  {},
  { ...good, plan: null, discount: null },
  { ...good, country: '' },
  { ...good, country: 'x'.repeat(1000), amount: 'x'.repeat(1000) },
  { ...good, country: null, amount: [], paid: {}, signup_at: 1, plan: false },
  { ...good, amount: Number.POSITIVE_INFINITY, discount: Number.NEGATIVE_INFINITY },
  { ...good, country: 'a\0b', plan: '\ud800' },
  { ...good, context: null },
  {
    ...good,
    context: { 'a\0': 1, '\udfff': 2, b: ['\0', ['\ud800'], Number.POSITIVE_INFINITY], c: { d: { e: 'x\0' } } },
  },
  { ...good, context: nest(32) },
  { ...good, context: nest(33) },
  { ...good, context: Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`k${i}`, '\0'])) },
  { ...good, ['k'.repeat(300)]: 1, [`${'k'.repeat(199)}😀`]: 1 },
  { ...good, context: { ['k'.repeat(300)]: { a: '\0' } } },
  { ...good, Country: 'RO', contry: 'RO', amuont: 1, paidd: true, timestmap: 'x', zebra: 1 },
  { ...good, constructor: 'x', hasOwnProperty: true, toString: 1, valueOf: null },
  JSON.parse('{"timestamp":"2026-06-10T10:58:00Z","context":{"__proto__":1},"__proto__":{}}'),
  { ...good, timestamp: '2026-02-31T00:00:00Z', signup_at: '0000-01-01T00:00:00Z' },
  { ...good, timestamp: 'x'.repeat(100) },
];

test.each(corpus.map((record, i) => [i, record]))('record %i of the corpus gets the same words', (_, record) => {
  expect(sdk(record)).toEqual(serverSays(record));
});

const nasty = fc.constantFrom(
  '',
  '\0',
  '\ud800',
  '\udfffx',
  '😀',
  'a'.repeat(50),
  '__proto__',
  'constructor',
  'RO',
  '1',
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary' }));
const number = fc.oneof(fc.double({ noNaN: true }), fc.integer());
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
})).value;

/** Text that is nearly a timestamp: a good one with one character replaced, left out or added. */
const timestamp = fc
  .tuple(
    fc.constantFrom(
      ...[
        '2026-06-10T10:58:00Z',
        '2024-02-29t23:59:60.123456+05:30',
        '0001-01-01T00:00:00-00:00',
        '9999-12-31T23:59:59Z',
      ],
      ...[
        '2016-12-31T23:59:60Z',
        '2026-02-30T10:00:00Z',
        '0000-12-31T23:30:00-01:00',
        '2000-02-29T00:00:00.123456789Z',
      ],
    ),
    fc.nat(30),
    fc.constantFrom(...'0123456789:-+.TZtz ٣', ''),
    fc.nat(1),
  )
  .map(([base, at, character, removed]) => base.slice(0, at) + character + base.slice(at + removed));

const value = fc.oneof(json, timestamp);
const name = fc.oneof(
  fc.constantFrom('timestamp', 'context', ...FIELDS.map(([field]) => field)),
  fc.constantFrom('Country', 'contry', 'amout', 'plam', 'a', 'x'.repeat(100)),
  text,
);
const record = fc.oneof(
  json,
  fc.dictionary(name, value, { maxKeys: 10 }),
  fc.record({
    timestamp: fc.oneof(timestamp, fc.constant(good.timestamp)),
    context: fc.oneof(fc.dictionary(text, json, { maxKeys: 3 }), fc.constant({})),
    country: fc.oneof(text, value),
    amount: fc.oneof(number, value),
    paid: fc.oneof(fc.boolean(), value),
    signup_at: fc.oneof(timestamp, value),
  }),
);

test('any record gets the same verdict in the same words from the SDK and from the server', () => {
  fc.assert(
    fc.property(record, (candidate) => {
      expect(sdk(candidate)).toEqual(serverSays(candidate));
    }),
    { numRuns: 5000 },
  );
});

test('a timestamp is one to the SDK exactly when it is one to the server', () => {
  fc.assert(
    fc.property(fc.oneof(timestamp, text), (candidate) => {
      expect(isTimestamp(candidate)).toBe(parseTimestamp(candidate) !== null);
    }),
    { numRuns: 20_000 },
  );
});

test('a refusal begins with the same sentence, for one record and for a batch', () => {
  const encoder = new RecordEncoder(Object.fromEntries(FIELDS));
  const bad = { ...good, amount: 'x' };
  const encoded = { lines: '', good: 0, bad: 1, oversized: 0, details: sdk(bad) };
  const sentence = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (error instanceof LoguroError) return error.message;
    }
    return '';
  };
  const common = (server: string) => server.slice(0, server.indexOf(':'));
  expect(sentence(() => encoder.encode(bad))).toContain(common(refusal(encoded, false).message));
  expect(sentence(() => encoder.encodeBatch([good, bad]))).toContain(
    common(refusal({ ...encoded, good: 1 }, true).message),
  );
});
