import { describe, expect, test } from '@jest/globals';
import { bearerToken, requestIdFrom } from './http.js';

describe('request ids', () => {
  test.each(['abc', 'req-1.2_3~4', '4bf92f3577b34da6a3ce929d0e0e4736', 'a'.repeat(128)])('%s is kept', (id) => {
    expect(requestIdFrom(id)).toBe(id);
  });

  test.each([undefined, '', 'a b', 'a\tb', 'ü', 'a'.repeat(129), 'x\u0000', '<script>', ['a', 'b']])(
    '%j is replaced, for it goes into logs and records',
    (id) => {
      expect(requestIdFrom(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );
});

describe('bearer tokens', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['Bearer   abc ', 'abc'],
  ])('%j carries a token', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'abc', 'Bearer a b', 'Bearer "abc"', 'Bearer ä'])(
    '%j carries none',
    (header) => {
      expect(bearerToken(header)).toBeNull();
    },
  );
});
