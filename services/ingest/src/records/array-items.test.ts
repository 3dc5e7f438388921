import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ArrayItems } from './array-items.js';

const cut = (text: string, depth = 100) => {
  const body = Buffer.from(text);
  const pieces: string[] = [];
  for (const items = new ArrayItems(body, depth); !items.done; ) {
    const end = items.end();
    pieces.push(body.toString('utf8', items.start, end));
    items.next(end);
  }
  return pieces;
};

test('cutting an array and parsing the pieces is parsing the array, however it is spaced', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.constantFrom(undefined, 1, '\t\r\n'), (value, space) => {
      expect(cut(JSON.stringify(value, null, space)).map((item) => JSON.parse(item))).toEqual(
        JSON.parse(JSON.stringify(value)),
      );
    }),
    { numRuns: 2000 },
  );
});

test('whatever JSON.parse refuses is refused by the cut or by one of the pieces', () => {
  const parses = (text: string) => {
    try {
      return Array.isArray(JSON.parse(text));
    } catch {
      return false;
    }
  };
  const cutParses = (text: string) => {
    try {
      for (const item of cut(text)) JSON.parse(item);
      return true;
    } catch {
      return false;
    }
  };
  const pieces = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '"a"', '1', 'null', ' ', '"a":1', '\\"', 'x');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      for (const text of [parts.join(''), `[${parts.join('')}]`]) expect(cutParses(text)).toBe(parses(text));
    }),
    { numRuns: 5000 },
  );
});

test('nesting beyond the limit is refused before anything is built from it', () => {
  expect(() => cut(`[${'['.repeat(1_000_000)}`, 34)).toThrow('nested deeper than 34 levels');
});

test('millions of items cost no more than those that are taken', () => {
  const items = new ArrayItems(Buffer.from(`[${'{},'.repeat(3_000_000)}{}]`), 10);
  for (let i = 0; i < 10; i++) items.next(items.end());
  expect(items.start).toBe(31);
  expect(items.done).toBe(false);
});
