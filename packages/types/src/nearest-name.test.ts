import { expect, test } from '@jest/globals';
import { nearestName } from './nearest-name.js';

test.each([
  ['contry', 'country'],
  ['COUNTRY', 'country'],
  ['amout', 'amount'],
  ['timestmp', 'timestamp'],
  ['zip', undefined],
  ['x'.repeat(5000), undefined],
])('%s most likely meant %s', (name, nearest) => {
  expect(nearestName(name, ['timestamp', 'context', 'country', 'amount'])).toBe(nearest);
});
