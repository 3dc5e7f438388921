import { expect, test } from '@jest/globals';
import { nearestName } from './nearest-name.js';

test.each([
  ['contry', 'country'],
  ['COUNTRY', 'country'],
  ['amout', 'amount'],
  ['timestmp', 'timestamp'],
  ['zip', null],
  ['x'.repeat(5000), null],
])('%s most likely meant %s', (name, nearest) => {
  expect(nearestName(name, ['timestamp', 'context', 'country', 'amount'])).toBe(nearest);
});
