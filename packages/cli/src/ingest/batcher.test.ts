import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OutRecord } from '../records/convert.js';
import { openRecords } from '../records/record-reader.js';
import type { Source } from '../records/source.js';
import { type Batch, batches, FileChanged } from './batcher.js';
import { batchKey } from './content-chain.js';

const MAX_RECORDS = 3;

function sourceOf(text: string, chunk: number): Source {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  return { path: 'x.ndjson', name: 'x.ndjson', totalBytes: bytes.length, bytesRead: () => 0, chunks };
}

async function cut(text: string, chunk = 16, from?: Pick<Batch, 'end' | 'chain'>): Promise<Batch[]> {
  const file = await openRecords(sourceOf(text, chunk), { format: 'ndjson' });
  const all: Batch[] = [];
  const options = {
    maxRecords: MAX_RECORDS,
    maxBytes: 200,
    from: from && { offset: from.end, chain: from.chain },
    convert: (value: unknown) => value as OutRecord,
    check: (record: OutRecord) => (record.n === 13 ? ['n: is unlucky'] : []),
  };
  for await (const batch of batches(file, options)) all.push(batch);
  return all;
}

const lines = (...numbers: number[]) => numbers.map((n) => `{"n":${n}}\n`).join('');
const keys = (all: Batch[]) => all.map(({ chain }) => batchKey(chain, 1, 'options', ''));

describe('batches', () => {
  test('hold records and rejects up to their limits, and know their place in the file', async () => {
    const all = await cut(`${lines(1, 13)}nonsense\n\n${lines(4)}`);
    expect(all.map(({ start, end, records, rejects }) => ({ start, end, records, rejects }))).toEqual([
      {
        start: 0,
        end: 26,
        records: [{ n: 1 }],
        rejects: [
          { line: 2, reasons: ['n: is unlucky'], raw: '{"n":13}' },
          { line: 3, reasons: ['is not JSON'], raw: 'nonsense' },
        ],
      },
      { start: 26, end: 35, records: [{ n: 4 }], rejects: [] },
    ]);
  });

  test('are the same, with the same keys, however the bytes come and wherever an ingest goes on', async () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 1, max: 64 }), fc.nat(), async (values, chunk, pick) => {
        const text = lines(...values);
        const whole = await cut(text, 1024);
        expect(await cut(text, chunk)).toEqual(whole);
        const settled = pick % whole.length;
        const rest = await cut(text, chunk, whole[settled] as Batch);
        expect(rest).toEqual(whole.slice(settled + 1));
      }),
      { numRuns: 100 },
    );
  });

  test('go on behind what was settled when the file has grown', async () => {
    const [first, last] = await cut(lines(1, 2, 3, 4));
    expect(first?.records).toHaveLength(3);
    const grown = await cut(lines(1, 2, 3, 4, 5, 6), 16, last as Batch);
    expect(grown.map(({ records }) => records)).toEqual([[{ n: 5 }, { n: 6 }]]);
  });

  test('refuse a file whose settled part has changed or is gone', async () => {
    const [first] = await cut(lines(1, 2, 3, 4));
    for (const text of [lines(9, 2, 3, 4), lines(1, 2), '', lines(1, 2).concat('{"n":3} \n', lines(4))]) {
      const again = text === '' ? cut('\n{"n":1}\n', 16, first as Batch) : cut(text, 16, first as Batch);
      await expect(again).rejects.toThrow(FileChanged);
    }
  });

  test('have keys that tell content, dataset, options and a deliberate repeat apart', async () => {
    const [one] = keys(await cut(lines(1)));
    expect(keys(await cut('{"n":1}\r\n\n'))).toEqual([one]);
    expect(keys(await cut(lines(2)))).not.toEqual([one]);
    const [{ chain } = { chain: '' }] = await cut(lines(1));
    const others = [
      batchKey(chain, 2, 'options', ''),
      batchKey(chain, 1, 'other', ''),
      batchKey(chain, 1, 'options', 'x'),
    ];
    expect(new Set([one, ...others]).size).toBe(4);
    for (const key of others) expect(key).toMatch(/^[!-~]{1,255}$/);
  });
});
