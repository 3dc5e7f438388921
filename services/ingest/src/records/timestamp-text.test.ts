import { expect, test } from '@jest/globals';
import { formatInstant, parseTimestamp } from '@loguro/types';
import fc from 'fast-check';
import { timestampText } from './timestamp-text.js';

/** Texts near the border between good and bad: digits out of range, missing, doubled, in other scripts. */
const nearTimestamps = fc
  .tuple(
    fc.constantFrom('0000', '0001', '0099', '1900', '2000', '2023', '2024', '9999', '10000', '-001', '２０２６'),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
    fc.constantFrom('T', 't', ' ', ''),
    fc.integer({ min: 0, max: 25 }),
    fc.integer({ min: 0, max: 61 }),
    fc.integer({ min: 0, max: 61 }),
    fc.constantFrom('', '.', '.1', '.12', '.123456', '.1234567', '.123456789', '.1234567890', '.1x', ',5'),
    fc.constantFrom('Z', 'z', '', '+00:00', '+02:00', '-11:30', '+14:00', '+24:00', '+0200', 'ZZ'),
  )
  .map(([year, month, day, t, hour, minute, second, fraction, offset]) => {
    const two = (n: number) => String(n).padStart(2, '0');
    return `${year}-${two(month)}-${two(day)}${t}${two(hour)}:${two(minute)}:${two(second)}${fraction}${offset}`;
  });

test('the fast way and the contract agree on every text, and on the instant', () => {
  fc.assert(
    fc.property(fc.oneof(nearTimestamps, fc.string({ maxLength: 30 })), (text) => {
      const written = timestampText(text);
      const instant = parseTimestamp(text);
      if (instant === null) expect(written).toBeNull();
      else
        expect(formatInstant(parseTimestamp(written ?? '') ?? { seconds: 0, micros: 0 })).toBe(formatInstant(instant));
    }),
    { numRuns: 10_000 },
  );
});

test('the common form is passed on as it is', () => {
  for (const text of ['2026-06-10T10:58:00Z', '2024-02-29T23:59:59.123456Z', '0001-01-01T00:00:00Z']) {
    expect(timestampText(text)).toBe(text);
  }
});

test('digits beyond the microsecond are cut off, because PostgreSQL would round them', () => {
  expect(timestampText('2026-06-10T23:59:59.9999999Z')).toBe('2026-06-10T23:59:59.999999Z');
});

test.each(['2026-02-30T00:00:00Z', '2026-06-10T10:58:00', '0000-01-01T00:00:00Z', '2026-06-10T24:00:00Z'])(
  '%s is refused',
  (text) => {
    expect(timestampText(text)).toBeNull();
  },
);
