import { describe, expect, test } from '@jest/globals';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { readReceiptId, receiptOf } from './receipt-id.js';

const HEX = [...'0123456789abcdef'];

test('a receipt is a chunk id and a checksum, and tells the chunk and when it was made', () => {
  const chunkId = timeOrderedId(1_790_000_000_123);
  const receipt = receiptOf(chunkId, 13);
  expect(receipt).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}-[0-9a-f]{8}$/);
  const said = { chunkId, madeAt: 1_790_000_000_123 };
  expect(readReceiptId(receipt, 13)).toEqual(said);
  expect(readReceiptId(receipt.toUpperCase(), 13)).toEqual(said);
});

describe('no receipt of the dataset is', () => {
  test('one with a wrong character, whichever and wherever', () => {
    const receipt = receiptOf(timeOrderedId(), 13);
    const wrong = [...receipt].flatMap((right, at) =>
      right === '-' ? [] : HEX.filter((c) => c !== right).map((c) => receipt.slice(0, at) + c + receipt.slice(at + 1)),
    );
    expect(wrong).toHaveLength(40 * 15);
    expect(wrong.filter((text) => readReceiptId(text, 13) !== null)).toEqual([]);
  });

  test('one with two neighbouring characters exchanged', () => {
    const receipt = receiptOf(timeOrderedId(), 13);
    const wrong = [...receipt].map((_, at) => {
      const [a = '', b = ''] = receipt.slice(at, at + 2);
      return receipt.slice(0, at) + b + a + receipt.slice(at + 2);
    });
    expect(wrong.filter((text) => text !== receipt && readReceiptId(text, 13) !== null)).toEqual([]);
  });

  // With the twelve bits that a UUID leaves free, some fifty of these passed for receipts whose records are queued.
  test('one of another dataset, or one made up: not one of 200,000', () => {
    let passed = 0;
    for (let i = 0; i < 100_000; i++) {
      if (readReceiptId(receiptOf(timeOrderedId(), 13), 14 + i) !== null) passed += 1;
      if (readReceiptId(`${timeOrderedId()}-${receiptOf(timeOrderedId(), 13).slice(-8)}`, 13) !== null) passed += 1;
    }
    expect(passed).toBe(0);
  });

  test.each([
    '',
    'x',
    '00000000-0000-0000-0000-000000000000',
    '018f4b2e-7c1a-7abc-8def-0123456789ab',
    '018f4b2e-7c1a-4abc-8def-0123456789ab-00000000',
  ])('%j', (text) => {
    expect(readReceiptId(text, 13)).toBeNull();
  });
});

test('chunks of two datasets that are answered in turns keep their own receipts', () => {
  const [a, b] = [timeOrderedId(), timeOrderedId()];
  const receipts = [receiptOf(a, 1), receiptOf(b, 2), receiptOf(a, 1), receiptOf(a, 2), receiptOf(b, 2)];
  expect(receipts[0]).toBe(receipts[2]);
  expect(receipts[1]).toBe(receipts[4]);
  expect(new Set(receipts).size).toBe(3);
  expect(readReceiptId(receipts[3] as string, 1)).toBeNull();
});
