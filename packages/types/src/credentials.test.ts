import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generatePat, isWellFormedPat, looksLikePat } from './credentials.js';

test('a new token is recognised and no two are alike', () => {
  const tokens = Array.from({ length: 1000 }, generatePat);
  expect(new Set(tokens).size).toBe(1000);
  for (const token of tokens) {
    expect(token).toMatch(/^pat_[0-9A-Za-z]{38}$/);
    expect(isWellFormedPat(token)).toBe(true);
  }
});

test('one mistyped character is found without asking the database', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 41 }), fc.constantFrom(...'0Aaz9Z'), (position, character) => {
      const token = generatePat();
      fc.pre(token[position] !== character);
      expect(isWellFormedPat(token.slice(0, position) + character + token.slice(position + 1))).toBe(false);
    }),
  );
});

test.each(['', 'pat_', 'pat_xxx', 'PAT_abc', 'eyJhbGciOiJFUzI1NiJ9.e30.x'])('%j is not a token', (text) => {
  expect(isWellFormedPat(text)).toBe(false);
});

test('a broken token is still told from a project key', () => {
  expect(looksLikePat('pat_xxx')).toBe(true);
  expect(looksLikePat('eyJhbGciOiJFUzI1NiJ9.e30.x')).toBe(false);
});

test('what the page tells secret scanners is true: its expression finds every token, its program tells them from look-alikes', async () => {
  const page = readFileSync(new URL('../../../docs/credentials.md', import.meta.url), 'utf8');
  const section = page.split('### For secret scanners')[1] ?? '';
  const expression = new RegExp(/```\n(.+)\n```/.exec(section)?.[1] ?? '$^', 'g');
  const program = /```js\n([\s\S]+?)```/.exec(section)?.[1] ?? '';
  const { isToken } = (await import(`data:text/javascript,${encodeURIComponent(program)}`)) as {
    isToken: (text: string) => boolean;
  };
  for (let i = 0; i < 200; i++) {
    const token = generatePat();
    const found = [...`LOGURO_TOKEN="${token}" # a comment`.matchAll(expression)].map(([text]) => text);
    expect(found).toEqual([token]);
    expect(isToken(token)).toBe(true);
    const other = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
    expect([isToken(other), isWellFormedPat(other)]).toEqual([false, false]);
  }
});
