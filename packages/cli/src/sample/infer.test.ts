import { describe, expect, test } from '@jest/globals';
import { openRecords } from '../records/record-reader.js';
import type { Source } from '../records/source.js';
import { type InferOptions, inferFields } from './infer.js';

function sourceOf(text: string, name = 'data.csv'): Source {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from(text);
  }
  return { path: name, name, totalBytes: text.length, bytesRead: () => text.length, chunks };
}

async function infer(text: string, name?: string, options: Partial<InferOptions> = {}) {
  return inferFields(await openRecords(sourceOf(text, name), {}), { sample: 0, nulls: [], ...options });
}

/** A CSV file with a timestamp and one column of these values. */
async function column(...values: string[]) {
  const lines = values.map((value) => `2026-06-01T00:00:00Z,${value}\n`).join('');
  const { columns, fields } = await infer(`timestamp,v\n${lines}`);
  return { type: fields.v, ...columns.find(({ field }) => field === 'v') };
}

describe('the type proposed for a column of text', () => {
  test.each([
    [['1', '-2.5', '1e3'], 'number'],
    [['1', ''], 'number?'],
    [['0', '1'], 'number'],
    [['007', '8'], 'string'],
    [['12345678901234567890', '1'], 'string'],
    [['1234567890123456', '1'], 'number'],
    [['true', 'FALSE'], 'boolean'],
    [['yes', 'no', ''], 'boolean?'],
    [['2026-06-01T10:00:00Z', '2026-06-01T10:00:00+02:00'], 'timestamp'],
    [['2026-06-01 10:00'], 'timestamp'],
    [['2026-02-31T00:00:00Z'], 'string'],
    [['a', '1'], 'string'],
    [['', ''], 'string?'],
  ])('%j → %s', async (values, type) => {
    expect(await column(...values)).toMatchObject({ type });
  });

  test('comes with a reason that can be checked', async () => {
    expect(await column('007', '1')).toMatchObject({ why: 'numbers, but 007 (line 2) would not survive as one' });
    expect(await column('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', 'n/a')).toMatchObject({
      why: '10 of 11 are numbers, but not "n/a" in line 12',
      advice: 'if "n/a" means "no value", pass --null "n/a"',
    });
    expect(await column('x', '', 'y')).toMatchObject({ why: 'text such as "x", "y"; 1 of 3 have none' });
  });
});

describe('a file', () => {
  test('has its timestamp found, its names made into field names, and the flags for ingest said', async () => {
    const inference = await infer('id,created at,Käse\n1,2026-06-01 10:00,a\n2,2026-06-02 10:00,b\n');
    expect(inference).toMatchObject({
      fields: { id: 'number', Kase: 'string' },
      timestampColumn: 'created at',
      ingestFlags: ["--timestamp-column 'created at'", '--time-format iso-utc'],
    });
    expect(await infer('ts,n\n1780272000,1\n')).toMatchObject({
      timestampColumn: 'ts',
      ingestFlags: ['--timestamp-column ts', '--time-format epoch-s'],
    });
    expect(await infer('n\n1\n')).toMatchObject({ timestampColumn: null, ingestFlags: ['--timestamp now'] });
  });

  test('of NDJSON keeps JSON types: a number in quotes is text, an object is no field, a missing key is optional', async () => {
    const lines = [
      { timestamp: '2026-06-01T00:00:00Z', n: 1, q: '1', o: { a: 1 }, sometimes: true, context: { x: 1 } },
      { timestamp: '2026-06-01T00:00:00Z', n: 2.5, q: '2', o: {}, context: {} },
      'broken',
    ];
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    const inference = await infer(text, 'x.ndjson');
    expect(inference).toMatchObject({
      fields: { n: 'number', q: 'string', sometimes: 'boolean?' },
      records: 2,
      unreadable: 1,
      ingestFlags: ['--extra context'],
    });
    expect(inference.columns.find(({ column }) => column === 'o')).toMatchObject({ role: 'none' });
    expect(inference.columns.find(({ column }) => column === 'context')).toMatchObject({ role: 'context' });
  });

  test('is looked at as far as was asked', async () => {
    const text = `timestamp,v\n${'2026-06-01T00:00:00Z,1\n'.repeat(10)}2026-06-01T00:00:00Z,x\n`;
    expect(await infer(text, 'a.csv', { sample: 10 })).toMatchObject({
      fields: { v: 'number' },
      records: 10,
      partial: true,
    });
    expect(await infer(text)).toMatchObject({ fields: { v: 'string' }, records: 11, partial: false });
    expect(await infer(text, 'a.csv', { nulls: ['x'] })).toMatchObject({ fields: { v: 'number?' } });
  });
});
