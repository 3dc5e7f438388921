import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.js';

function split(text: Buffer, sizes: number[], maxBytes: number): (string | null)[] {
  const lines: (string | null)[] = [];
  const splitter = new LineSplitter(maxBytes, (line) => lines.push(line === null ? null : line.toString()));
  let at = 0;
  for (const size of sizes) {
    splitter.write(text.subarray(at, at + size));
    at += size;
  }
  splitter.write(text.subarray(at));
  splitter.end();
  return lines;
}

test('lines are the same however the bytes arrive, and long ones are told of once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }).filter((line) => !line.includes('\n'))),
      fc.array(fc.integer({ min: 0, max: 9 })),
      fc.boolean(),
      (lines, sizes, closed) => {
        const text = Buffer.from(lines.join('\n') + (closed ? '\n' : ''));
        const expected = lines.map((line) => (Buffer.byteLength(line) > 8 ? null : line));
        // An empty last line without a newline is no line.
        if (!closed && lines.at(-1) === '') expected.pop();
        if (lines.length === 0 && closed) expected.push('');
        expect(split(text, sizes, 8)).toEqual(expected);
      },
    ),
    { numRuns: 2000 },
  );
});
