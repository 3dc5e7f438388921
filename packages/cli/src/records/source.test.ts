import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Host } from '../host.js';
import { decodeRun, openRecords, type RecordFileOptions } from './record-reader.js';
import { openSource } from './source.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const host = (signal = new AbortController().signal) => ({ cwd: folder, signal }) as Host;

/** With its check sum broken. */
function damaged(gzip: Buffer): Buffer {
  const copy = Buffer.from(gzip);
  copy.writeUInt32LE(0, copy.length - 8);
  return copy;
}

async function read(name: string, content: string | Buffer, options: RecordFileOptions = {}) {
  writeFileSync(join(folder, name), content);
  const file = await openRecords(await openSource(host(), name), options);
  const values: unknown[] = [];
  for await (const run of file.records) {
    for (const decoded of decodeRun(file, run))
      values.push(decoded.fault ?? ('value' in decoded ? decoded.value : null));
  }
  return { ...file, values };
}

describe('a file of records', () => {
  test.each([
    ['a.csv', 'a,b\n1,2\n', ','],
    ['a.txt', 'a;b\n1,5;2\n', ';'],
    ['a.tsv', 'a\tb\n1\t2\n', '\t'],
    ['b.csv', '"a,x"|b\n1|2\n', '|'],
  ])('%s: the delimiter is found in its header', async (name, text, delimiter) => {
    expect(await read(name, text)).toMatchObject({ format: 'csv', delimiter, values: [[expect.any(String), '2']] });
  });

  test('is recognised by its name, else by its first character, and gzip by its bytes', async () => {
    expect(await read('x.jsonl', '{"a":1}\n')).toMatchObject({ format: 'ndjson', values: [{ a: 1 }] });
    expect(await read('x.log', '\n {"a":1}\n')).toMatchObject({ format: 'ndjson', values: [{ a: 1 }] });
    expect(await read('x.ndjson.gz', gzipSync('{"a":1}\n'))).toMatchObject({ format: 'ndjson', values: [{ a: 1 }] });
    expect(await read('x', gzipSync('a,b\n1,2'))).toMatchObject({ format: 'csv', values: [['1', '2']] });
    expect(await read('y.log', '{a},b\n1,2\n', { format: 'csv' })).toMatchObject({ format: 'csv' });
  });

  test('may begin with a byte order mark and end its lines with CRLF', async () => {
    expect(await read('bom.csv', '\ufeffa,b\r\n1,"x\r\ny"\r\n')).toMatchObject({
      headings: ['a', 'b'],
      values: [['1', 'x\r\ny']],
    });
  });

  test('has faults record by record', async () => {
    const bytes = Buffer.concat([
      Buffer.from('a,b\n1\n2,"x"y\n'),
      Buffer.from([0x33, 0x2c, 0xff, 0x0a]),
      Buffer.from('4,ok\n'),
    ]);
    expect((await read('faults.csv', bytes)).values).toEqual([
      'has 1 column, the header has 2',
      expect.stringContaining('a quote where none may stand'),
      'is not valid UTF-8',
      ['4', 'ok'],
    ]);
    expect((await read('faults.ndjson', '{"a":1}\n[1]\n{a}\n')).values).toEqual([
      { a: 1 },
      'is JSON, but not an object',
      'is not JSON',
    ]);
    const long = `{"a":"${'x'.repeat(2_000_000)}"}\n{"a":1}\n`;
    expect((await read('long.ndjson', long)).values).toEqual(['is longer than a record may be', { a: 1 }]);
  });

  test.each([
    ['utf16.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), 'is encoded in UTF-16'],
    ['array.json', '[{"a":1}]', 'is one JSON array'],
    ['blank.csv', ' \n\n', 'is empty'],
    ['unnamed.csv', 'a,,c\n1,2,3\n', 'Column 2 of unnamed.csv has no name'],
    ['twice.csv', 'a,a\n1,2\n', 'Two columns of twice.csv are named "a"'],
    ['damaged.gz', damaged(gzipSync('a,b\n1,2\n'.repeat(1000))), 'a damaged one'],
    ['open.csv', 'a,b\n1,"2\n', 'opens a quote that is never closed'],
  ])('%s is refused with a sentence', async (name, content, sentence) => {
    await expect(read(name, content)).rejects.toThrow(sentence);
  });

  test('that is not there, or a folder, is refused with a sentence', async () => {
    await expect(openSource(host(), 'nope.csv')).rejects.toThrow('nope.csv does not exist.');
    await expect(openSource(host(), '.')).rejects.toThrow('. is a folder.');
  });

  test('is no longer waited for when the command is stopped', async () => {
    const stop = new AbortController();
    const stdin = new PassThrough();
    stdin.write('a,b\n1,2\n');
    const source = await openSource({ ...host(stop.signal), stdin }, '-');
    const reading = openRecords(source, { format: 'csv' });
    stop.abort();
    await expect(reading).rejects.toMatchObject({ message: 'Interrupted.', exitCode: 130 });
  });

  test('that goes away while it is read says so', async () => {
    const stdin = new PassThrough();
    stdin.destroy(Object.assign(new Error('no'), { code: 'EIO' }));
    const source = await openSource({ ...host(), stdin }, '-');
    await expect(openRecords(source, {})).rejects.toThrow("stdin can't be read (EIO).");
  });
});
