import { describe, expect, test } from '@jest/globals';
import { firstFreeSlug, slugOf } from './slug.js';

test.each([
  ['Orders', 'orders'],
  ['  Orders  ', 'orders'],
  ['My Orders (2026)', 'my-orders-2026'],
  ['Straße', 'strasse'],
  ['Заказы', 'zakazy'],
  ['ＦＵＬＬ width', 'full-width'],
  ['iPhone sales', 'iphone-sales'],
  ['订单', 'dataset'],
  ['---', 'dataset'],
  ['a'.repeat(200), 'a'.repeat(60)],
  [`${'a'.repeat(59)} b`, 'a'.repeat(59)],
])('the slug of %j is %j', (name, slug) => {
  expect(slugOf(name, 'dataset')).toBe(slug);
});

describe('a slug that is taken', () => {
  test('gets the first free number from 2 on', () => {
    expect(firstFreeSlug('a', [])).toBe('a');
    expect(firstFreeSlug('a', ['b', 'ab'])).toBe('a');
    expect(firstFreeSlug('a', ['a'])).toBe('a-2');
    expect(firstFreeSlug('a', ['a', 'a-2', 'a-4'])).toBe('a-3');
  });
});
