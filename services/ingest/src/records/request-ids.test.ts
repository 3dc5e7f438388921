import { expect, test } from '@jest/globals';
import { requestIdsOf } from './request-ids.js';

const line = (id: string) => `2026-06-10 10:58:00Z\t{"source":"billing"}\t${id}\tRO\t42.5\n`;

test('each request id is named once, in the order of the records, over all chunks', () => {
  expect(requestIdsOf([line('a') + line('a') + line('b'), line('b') + line('c')])).toEqual(['a', 'b', 'c']);
});

test('a line of the log stays short however many requests a job holds', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => line(`request-${n}`)).join('');
  expect(requestIdsOf([many])).toHaveLength(20);
});

test('no column but that of the request id is ever taken', () => {
  expect(requestIdsOf(['no tabs at all\n', 'one\ttab\n', ''])).toEqual([]);
});
