import { expect, test } from '@jest/globals';
import { rateLimited, rateLimitHeaders } from './headers.js';

const pat = { policy: { name: 'pat', quota: 3000, windowSeconds: 60 }, remaining: 2999, resetSeconds: 1 };
const address = { policy: { name: 'address', quota: 6000, windowSeconds: 60 }, remaining: 0, resetSeconds: 60 };

test('every policy is an item of both fields, under the same name', () => {
  expect(rateLimitHeaders([pat, address])).toEqual({
    'RateLimit-Policy': '"pat";q=3000;w=60, "address";q=6000;w=60',
    RateLimit: '"pat";r=2999;t=1, "address";r=0;t=60',
  });
});

test('a refusal is a 429 with a sentence, Retry-After and where the caller stands', () => {
  const error = rateLimited('Too many requests from this address.', 7, [address]);
  expect([error.status, error.code]).toEqual([429, 'rate_limited']);
  expect(error.message).toBe('Too many requests from this address. Try again in 7 s.');
  expect(error.headers).toEqual({
    'Retry-After': '7',
    'RateLimit-Policy': '"address";q=6000;w=60',
    RateLimit: '"address";r=0;t=60',
  });
});
