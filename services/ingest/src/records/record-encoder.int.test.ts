import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loguro/testing';
import { type Fields, formatInstant, parseTimestamp } from '@loguro/types';
import fc from 'fast-check';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { NAUGHTY_STRINGS } from '../testing/corpora.js';
import { createDataset, type TestDataset } from '../testing/dataset.js';
import { jsonText } from './json-bytes.js';
import { LineBuffer } from './line-buffer.js';
import { createRecordEncoder } from './record-encoder.js';

const FIELDS: Fields = {
  text: 'string',
  note: 'string?',
  amount: 'number',
  rate: 'number?',
  active: 'boolean?',
  seen_at: 'timestamp?',
};
const COLUMNS = ['timestamp', 'context', '__traceId', ...Object.keys(FIELDS)];
const encoder = createRecordEncoder(Object.entries(FIELDS));

let database: TestDatabase;
let owner: pg.Pool;
let dataset: TestDataset;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  dataset = await createDataset(owner, FIELDS);
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

/** Copies lines into the table as the role that the worker uses, and reads all of it back in order. */
async function store(lines: string): Promise<Record<string, unknown>[]> {
  const table = `records.dataset_${dataset.id}`;
  const client = new pg.Client({ connectionString: database.ingestUrl });
  await client.connect();
  try {
    const columns = COLUMNS.map((name) => pg.escapeIdentifier(name)).join(', ');
    await pipeline(Readable.from([lines]), client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN`)));
  } finally {
    await client.end();
  }
  const { rows } = await owner.query(`
    SELECT to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "timestamp",
           "context"::text AS "context", "__traceId", text, note, amount, rate, active,
           to_char(seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS seen_at
      FROM ${table} ORDER BY "__id"`);
  await owner.query(`TRUNCATE ${table}`);
  return rows;
}

const canonical = (text: unknown) => {
  const instant = typeof text === 'string' ? parseTimestamp(text) : null;
  return instant === null ? null : formatInstant(instant);
};

function expectStored(row: Record<string, unknown> | undefined, record: Record<string, unknown>): void {
  expect(canonical(row?.timestamp)).toBe(canonical(record.timestamp));
  expect(JSON.parse(String(row?.context))).toEqual(JSON.parse(JSON.stringify(record.context)));
  expect(row?.__traceId).toBe('trace-1');
  for (const name of ['text', 'note', 'amount', 'rate', 'active']) expect(row?.[name]).toBe(record[name] ?? null);
  expect(canonical(row?.seen_at)).toBe(canonical(record.seen_at));
}

/** Encodes JSON texts both ways; returns the records that were accepted, each as often as there is a line of it. */
function encodeAll(texts: readonly string[]) {
  const records: Record<string, unknown>[] = [];
  let lines = '';
  for (const text of texts) {
    const bytes = Buffer.from(text);
    const plain = new LineBuffer(1024);
    const isPlain = encoder.plain.encodeWhole(bytes, { lines: plain, traceId: Buffer.from('trace-1'), maxBytes: 1e6 });
    if (isPlain) {
      records.push(JSON.parse(text));
      lines += plain.text();
    }
    const json = jsonText(bytes);
    if (json === null) throw new Error('The test made text that is not UTF-8.');
    const record = JSON.parse(json.text);
    const line = encoder.encode(record, 'trace-1', json.clean);
    if (line === null) expect(isPlain).toBe(false);
    if (line === null) expect(encoder.explain(record, 100).length).toBeGreaterThan(0);
    else {
      expect(encoder.explain(record, 100)).toEqual([]);
      records.push(record);
      lines += line;
    }
  }
  return { records, lines };
}

const timestamps = fc.oneof(
  fc
    .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((d) => d.toISOString()),
  fc.constantFrom(
    '2026-06-10T10:58:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999Z',
    '0099-02-28t01:02:03z',
  ),
  fc.constantFrom(
    '2016-12-31T23:59:60Z',
    '2026-06-10T10:58:00.1234567+05:45',
    '2024-02-29T00:00:00-23:59',
    '2026-02-30T00:00:00Z',
  ),
);
const strings = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', '\n', '\r', '\t', '\b', '\0', '.', 'N', '"', '\ud83d', '\ude00', '\u2028', '\u007f'),
  }),
  fc.constantFrom(...NAUGHTY_STRINGS),
);
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(-0, 5e-324, 1e308, 2 ** 53),
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 4 });
const records = fc.record(
  {
    timestamp: timestamps,
    context: fc.dictionary(strings, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 4 }),
    text: strings,
    note: optional(strings),
    amount: numbers,
    rate: optional(numbers),
    active: optional(fc.boolean()),
    seen_at: optional(timestamps),
  },
  { requiredKeys: ['timestamp', 'context', 'text', 'amount'] },
);

/** JSON text with -0 kept, and every character beyond ASCII as an escape or as itself. */
function toJson(record: object, escaped: boolean): string {
  const text = JSON.stringify(record, (_key, value) => (Object.is(value, -0) ? '\u0001-0' : value)).replaceAll(
    '"\\u0001-0"',
    '-0',
  );
  if (!escaped) return text;
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe('what the encoder accepts, PostgreSQL stores exactly as it was sent', () => {
  test('for records of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(records, fc.boolean()), { minLength: 1, maxLength: 100 }), async (batch) => {
        const { records: accepted, lines } = encodeAll(batch.map(([record, escaped]) => toJson(record, escaped)));
        const rows = await store(lines);
        expect(rows).toHaveLength(accepted.length);
        for (const [i, record] of accepted.entries()) expectStored(rows[i], record);
      }),
      { numRuns: 60 },
    );
  });

  test('for every naughty string, in a field, in the context and as a key of it', async () => {
    const texts = NAUGHTY_STRINGS.map((text) =>
      JSON.stringify({ timestamp: '2026-06-10T10:58:00Z', context: { text, [text]: [text] }, text, amount: 1 }),
    );
    const { records: accepted, lines } = encodeAll(texts);
    expect(accepted.length).toBeGreaterThan(NAUGHTY_STRINGS.length);
    const rows = await store(lines);
    for (const [i, record] of accepted.entries()) expectStored(rows[i], record);
  });
});
