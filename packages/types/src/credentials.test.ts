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
