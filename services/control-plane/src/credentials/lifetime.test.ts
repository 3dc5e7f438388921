import { describe, expect, test } from '@jest/globals';
import { earlierEnd, endAfterOverlap, futureExpiry, requireActive, successorExpiry, tokenExpiry } from './lifetime.js';

const now = new Date('2026-06-10T12:00:00Z');
const at = (iso: string) => new Date(iso);
const life = (expiresAt: string | null, revokedAt: string | null = null) => ({
  createdAt: at('2026-06-01T12:00:00Z'),
  expiresAt: expiresAt === null ? null : at(expiresAt),
  revokedAt: revokedAt === null ? null : at(revokedAt),
});

test('an expiry must lie in the future, or be absent', () => {
  expect(futureExpiry(undefined, now)).toBeNull();
  expect(futureExpiry(null, now)).toBeNull();
  expect(futureExpiry('2026-06-10T14:00:01+02:00', now)).toEqual(at('2026-06-10T12:00:01Z'));
  expect(() => futureExpiry('2026-06-10T12:00:00Z', now)).toThrow(/not acceptable/);
});

test('a credential is active until it is revoked or its time has come', () => {
  expect(() => requireActive(life(null), now)).not.toThrow();
  expect(() => requireActive(life('2026-06-10T12:00:01Z'), now)).not.toThrow();
  expect(() => requireActive(life('2026-06-10T12:00:00Z'), now)).toThrow(/cannot be rotated/);
  expect(() => requireActive(life(null, '2026-06-09T00:00:00Z'), now)).toThrow(/cannot be rotated/);
});

test('a successor lives as long as its predecessor was meant to', () => {
  expect(successorExpiry(life(null), now)).toBeNull();
  expect(successorExpiry(life('2026-06-15T12:00:00Z'), now)).toEqual(at('2026-06-24T12:00:00Z'));
});

describe('a token made with a token that expires', () => {
  const maker = at('2026-06-15T12:00:00Z');
  test('ends with it, unless it is to end sooner', () => {
    expect(tokenExpiry(undefined, maker, now)).toEqual(maker);
    expect(tokenExpiry('2026-06-15T12:00:00Z', maker, now)).toEqual(maker);
    expect(tokenExpiry('2026-06-11T12:00:00Z', maker, now)).toEqual(at('2026-06-11T12:00:00Z'));
  });
  test.each([null, '2026-06-15T12:00:00.001Z'])('can not end at %j', (asked) => {
    expect(() => tokenExpiry(asked, maker, now)).toThrow(/outlive/);
  });
  test('by a token that never ends may never end', () => {
    expect(tokenExpiry(undefined, null, now)).toBeNull();
    expect(tokenExpiry(null, null, now)).toBeNull();
    expect(tokenExpiry('2026-06-11T12:00:00Z', null, now)).toEqual(at('2026-06-11T12:00:00Z'));
  });
});

test('of two ends the earlier counts, and never is later than any', () => {
  expect(earlierEnd(null, null)).toBeNull();
  expect(earlierEnd(now, null)).toBe(now);
  expect(earlierEnd(null, now)).toBe(now);
  expect(earlierEnd(at('2027-01-01T00:00:00Z'), now)).toBe(now);
});

describe('the old credential', () => {
  test('is revoked at once without an overlap', () => {
    expect(endAfterOverlap(life(null), 0, now)).toEqual({ revokedAt: now });
  });
  test('lives through the overlap, but never longer than it would have', () => {
    expect(endAfterOverlap(life(null), 60, now)).toEqual({ expiresAt: at('2026-06-10T12:01:00Z') });
    expect(endAfterOverlap(life('2026-06-10T12:00:30Z'), 60, now)).toEqual({ expiresAt: at('2026-06-10T12:00:30Z') });
    expect(endAfterOverlap(life('2027-01-01T00:00:00Z'), 60, now)).toEqual({ expiresAt: at('2026-06-10T12:01:00Z') });
  });
});

test('the successor of a credential that ends with the calendar ends with it, too', () => {
  const last = new Date('9999-12-31T23:59:59Z');
  const old = { createdAt: new Date('2026-11-24T10:00:00Z'), expiresAt: last, revokedAt: null };
  const successor = successorExpiry(old, new Date('2026-11-25T10:00:00Z'));
  expect(successor?.toISOString()).toBe('9999-12-31T23:59:59.999Z');
});
