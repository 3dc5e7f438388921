import { expect, test } from '@jest/globals';
import { classifyFailure, sqlstateOf } from './classify-failure.js';

test.each([
  ['22P02', 'refused'],
  ['23502', 'refused'],
  ['54000', 'refused'],
  ['42P01', 'gone'],
  ['53100', 'unreachable'],
  ['53300', 'unreachable'],
  ['40P01', 'unreachable'],
  ['57P01', 'unreachable'],
  ['25006', 'unreachable'],
  ['08006', 'unreachable'],
  ['57014', 'contained'],
  ['55P03', 'barred'],
  ['42501', 'barred'],
  ['XX000', 'contained'],
  ['ECONNRESET', 'unreachable'],
  ['EPIPE', 'unreachable'],
  [undefined, 'unreachable'],
])('a failure with code %s is %s', (code, kind) => {
  expect(classifyFailure(code === undefined ? {} : { code })).toBe(kind);
});

test('a system error has no SQLSTATE, though its code may look like one', () => {
  expect([sqlstateOf({ code: 'EPIPE' }), sqlstateOf({ code: '22P02' })]).toEqual([null, '22P02']);
});
