import { expect, test } from '@jest/globals';
import { ApiError, MAX_ERROR_DETAILS } from '@loguro/types';
import { requireStorableText } from './storable-text.js';

/** The refusal of a body. */
function refusalOf(body: unknown): ApiError {
  try {
    requireStorableText(body);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

test('a refusal names each place in a few hundred characters, however long the names on the way there are', () => {
  const bad = Array.from({ length: 1000 }, () => '\u0000');
  const { details = [] } = refusalOf({ ['x'.repeat(900_000)]: { inside: bad } });
  expect(details).toHaveLength(MAX_ERROR_DETAILS);
  for (const { path } of details) expect(path.length).toBeLessThan(300);
});

test('a short path is told whole', () => {
  const { details } = refusalOf({ a: [{ b: 'x\u0000' }] });
  expect(details).toEqual([{ path: 'a[0].b', message: 'contains the character U+0000' }]);
});
