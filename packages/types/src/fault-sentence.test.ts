import { expect, test } from '@jest/globals';
import { faultSentence } from './fault-sentence.js';

const WHAT = 'The body is not acceptable';

test('the sentence has the first fault, and says how many more there are', () => {
  const faults = [
    { path: 'name', message: 'is required' },
    { path: 'role', message: 'must be a string' },
  ];
  expect(faultSentence(WHAT, faults.slice(0, 1))).toBe('The body is not acceptable: name is required.');
  expect(faultSentence(WHAT, faults)).toBe('The body is not acceptable: name is required (and 1 more: see "details").');
  expect(faultSentence(WHAT, [])).toBe('The body is not acceptable.');
});

test('a fault of the whole has no path, and one of a batch names its record', () => {
  expect(faultSentence(WHAT, [{ path: '', message: 'must be an object' }])).toBe(
    'The body is not acceptable: it must be an object.',
  );
  expect(faultSentence(WHAT, [{ index: 7, path: '', message: 'must be an object' }])).toBe(
    'The body is not acceptable: record 7 must be an object.',
  );
  expect(faultSentence(WHAT, [{ index: 7, path: 'amount', message: 'must be a number' }])).toBe(
    'The body is not acceptable: in record 7, amount must be a number.',
  );
});

test('a sentence that ends in a question gets no full stop', () => {
  expect(faultSentence(WHAT, [{ path: 'nam', message: 'is not known; did you mean "name"?' }])).toBe(
    'The body is not acceptable: nam is not known; did you mean "name"?',
  );
});
