import { expect, test } from '@jest/globals';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { receiptId, receiptTime } from './receipt-id.js';

test('a receipt is a version 7 UUID that tells when it was made', () => {
  const id = receiptId(timeOrderedId(1_790_000_000_123), 13);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(receiptTime(id, 13)).toBe(1_790_000_000_123);
  expect(receiptTime(id.toUpperCase(), 13)).toBe(1_790_000_000_123);
});

test('nearly every receipt of another dataset, and nearly every typo, is found', () => {
  let passed = 0;
  for (let i = 0; i < 4000; i++) {
    const id = receiptId(timeOrderedId(), 13);
    if (receiptTime(id, 14) !== null) passed += 1;
    const at = [0, 5, 11, 20, 25, 30, 35][i % 7] as number;
    const typo = id.slice(0, at) + (id[at] === '9' ? '8' : '9') + id.slice(at + 1);
    if (receiptTime(typo, 13) !== null) passed += 1;
  }
  expect(passed).toBeLessThan(20);
});

test.each(['', 'x', '00000000-0000-0000-0000-000000000000', '018f4b2e-7c1a-4abc-8def-0123456789ab'])(
  '%j is no receipt',
  (text) => {
    expect(receiptTime(text, 13)).toBeNull();
  },
);
