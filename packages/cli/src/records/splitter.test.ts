import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecordSplitter, type SplitterOptions } from './splitter.js';

function split(text: string | Buffer, options: Partial<SplitterOptions> & Pick<SplitterOptions, 'format'>, chunk = 7) {
  const splitter = new RecordSplitter({ maxRecordBytes: 1000, ...options });
  const bytes = Buffer.from(text);
  const records = [];
  for (let at = 0; at < bytes.length; at += chunk) records.push(...splitter.push(bytes.subarray(at, at + chunk)));
  return [...records, ...splitter.flush()].map((record) => ({ ...record, bytes: record.bytes.toString() }));
}

describe('the record splitter', () => {
  test('knows the bytes and the line of every record', () => {
    expect(split('{"a":1}\n\n{"b":2}\r\n{"c":3}', { format: 'ndjson' })).toEqual([
      { start: 0, end: 8, line: 1, bytes: '{"a":1}', oversize: false },
      { start: 9, end: 18, line: 3, bytes: '{"b":2}', oversize: false },
      { start: 18, end: 25, line: 4, bytes: '{"c":3}', oversize: false },
    ]);
  });

  test('keeps a line break between quotes in its CSV record, and counts it as a line', () => {
    const records = split('a,"x\ny ""z""\n",1\nb,c,2\n', { format: 'csv' });
    expect(records.map(({ bytes, line }) => [bytes, line])).toEqual([
      ['a,"x\ny ""z""\n",1', 1],
      ['b,c,2', 4],
    ]);
  });

  test('drops a record of many quoted fields over the limit, wherever it is cut, and goes on behind it', () => {
    const long = `a\n${'"x\ny",'.repeat(40)}z\nb\n`;
    for (let chunk = 1; chunk < 30; chunk++) {
      const records = split(long, { format: 'csv', maxRecordBytes: 100 }, chunk);
      expect(records).toEqual([
        { start: 0, end: 2, line: 1, bytes: 'a', oversize: false },
        { start: 2, end: 244, line: 2, bytes: '', oversize: true },
        { start: 244, end: 246, line: 43, bytes: 'b', oversize: false },
      ]);
    }
  });

  test('takes time in proportion to a long line, however many quotes are in it', () => {
    const splitter = new RecordSplitter({ format: 'csv', maxRecordBytes: 1e8 });
    const began = performance.now();
    splitter.push(Buffer.from('"",'.repeat(640_000)));
    // A second at the most; looking for the line's end behind each quote takes half a minute.
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('lets a stray quote spoil its own record only', () => {
    const records = split('a,5" pipe,1\nb,c,2\n', { format: 'csv' });
    expect(records.map(({ bytes }) => bytes)).toEqual(['a,5" pipe,1', 'b,c,2']);
  });

  test('drops the bytes of a record over the limit, and goes on behind it', () => {
    const records = split(`a\n${'x'.repeat(5000)}\nb\n`, { format: 'ndjson', maxRecordBytes: 100 }, 64);
    expect(records).toEqual([
      { start: 0, end: 2, line: 1, bytes: 'a', oversize: false },
      { start: 2, end: 5003, line: 2, bytes: '', oversize: true },
      { start: 5003, end: 5005, line: 3, bytes: 'b', oversize: false },
    ]);
  });

  test('names the line of a quote that is never closed, at the end and past the limit', () => {
    expect(() => split('a,b\n"c,d\n', { format: 'csv' })).toThrow('begins in line 2 opens a quote');
    expect(() => split(`a,b\n"${'c\n'.repeat(600)}`, { format: 'csv' })).toThrow('begins in line 2 opens a quote');
  });

  test('finds the same records whatever the chunks', () => {
    const cell = fc.oneof(
      fc.stringMatching(/^[a-z;5" ]{0,6}$/).filter((text) => !text.startsWith('"')),
      fc.string({ maxLength: 8 }).map((text) => `"${text.replaceAll('"', '""')}"`),
    );
    const row = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(','));
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 9 }), (rows, eol, chunk) => {
        const kept = rows.filter((text) => text !== '');
        const records = split(rows.join(eol), { format: 'csv' }, chunk);
        expect(records.map(({ bytes }) => bytes)).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });
});
