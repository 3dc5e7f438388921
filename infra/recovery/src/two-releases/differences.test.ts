import { expect, test } from '@jest/globals';
import { differences } from './differences.js';

test('more fields are no difference', () => {
  expect(differences({ rows: [{ n: 1 }] }, { rows: [{ n: 1, m: 2 }], truncated: false })).toEqual([]);
});

test('another value, a missing field, another length and another kind are', () => {
  const earlier = { same: null, value: 1, gone: [], list: [1, 2], object: { a: 1 } };
  const later = { same: null, value: 2, list: [1], object: null };
  expect(differences(earlier, later)).toEqual([
    '/value is now 2',
    '/gone is now undefined',
    '/list is now [1]',
    '/object is now null',
  ]);
});
