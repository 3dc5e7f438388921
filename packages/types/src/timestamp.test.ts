import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, isTimestamp, parseTimestamp } from './timestamp.js';

describe('timestamps that PostgreSQL would refuse are refused before it sees them', () => {
  test.each([
    '2026-02-31T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-19-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T29:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T12:00:60Z',
    '2026-01-01T00:00:00+99:99',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00',
    '2026-01-01',
    '2026-01-01 00:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '10000-01-01T00:00:00Z',
    '+002026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00,5Z',
    '2026-01-01T00:00:00.1234567890Z',
    '２０２６-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z\n',
    '',
  ])('%j', (text) => {
    expect(isTimestamp(text)).toBe(false);
  });
});

describe('timestamps are normalised to UTC with the digits PostgreSQL keeps', () => {
  test.each([
    ['2026-06-10T10:00:00Z', '2026-06-10T10:00:00Z'],
    ['2026-06-10t10:00:00z', '2026-06-10T10:00:00Z'],
    ['2026-06-10T10:00:00.120+03:00', '2026-06-10T07:00:00.12Z'],
    ['2026-06-10T10:00:00.123456999Z', '2026-06-10T10:00:00.123456Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59.999999Z'],
    ['2000-02-29T23:59:59-00:00', '2000-02-29T23:59:59Z'],
    ['1998-12-31T23:59:60Z', '1999-01-01T00:00:00Z'],
    ['1998-12-31T15:59:60.5-08:00', '1999-01-01T00:00:00.5Z'],
  ])('%s becomes %s', (text, normal) => {
    const instant = parseTimestamp(text);
    expect(instant && formatInstant(instant)).toBe(normal);
  });
});

test('every millisecond of the storable range survives a round trip', () => {
  const day = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(day), (date) => {
      const instant = parseTimestamp(date.toISOString());
      expect(instant).not.toBeNull();
      if (instant === null) return;
      expect(instant.seconds * 1000 + instant.micros / 1000).toBe(date.getTime());
      expect(parseTimestamp(formatInstant(instant))).toEqual(instant);
    }),
    { numRuns: 2000 },
  );
});
