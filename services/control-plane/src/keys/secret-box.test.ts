import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { open, seal } from './secret-box.js';

const key = randomBytes(32);
const plain = Buffer.from('a private key');

test('what was sealed opens with the same key and context only', () => {
  const sealed = seal(plain, key, 'kid');
  expect(open(sealed, key, 'kid')?.equals(plain)).toBe(true);
  expect(open(sealed, randomBytes(32), 'kid')).toBeNull();
  expect(open(sealed, key, 'another')).toBeNull();
});

test('a changed bit anywhere is noticed', () => {
  const sealed = seal(plain, key, 'kid');
  for (let i = 0; i < sealed.length; i++) {
    const changed = Uint8Array.from(sealed, (byte, at) => (at === i ? byte ^ 1 : byte));
    expect(open(changed, key, 'kid')).toBeNull();
  }
});

test('a text that is cut short is refused, however short', () => {
  const sealed = seal(plain, key, 'kid');
  for (let length = 0; length < sealed.length; length++) {
    expect(open(sealed.subarray(0, length), key, 'kid')).toBeNull();
  }
});

test('sealing the same twice does not show that it is the same', () => {
  expect(seal(plain, key, 'kid')).not.toEqual(seal(plain, key, 'kid'));
});
