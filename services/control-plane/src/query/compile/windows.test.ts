import { describe, expect, test } from '@jest/globals';
import { formatInstant, type Instant, parseTimestamp } from '@loguro/types';
import fc from 'fast-check';
import { compareInstants } from './range.js';
import { type TimeWindow, windowsOf } from './windows.js';

const at = (text: string) => parseTimestamp(text) as Instant;
const ends = { oldest: at('2026-05-01T00:00:00Z'), newest: at('2026-06-01T00:00:20Z') };
const show = (window: TimeWindow) =>
  `${formatInstant(window.from)} ${'to' in window ? `to ${formatInstant(window.to)}` : `before ${formatInstant(window.before)}`}`;

test('the newest rows are looked for near the end of the range first', () => {
  const range = { from: at('2026-06-01T00:00:00Z'), to: at('2026-06-01T00:30:00Z') };
  expect(windowsOf(range, true, 100, undefined).map(show)).toEqual([
    '2026-06-01T00:29:50Z to 2026-06-01T00:30:00Z',
    '2026-06-01T00:25:00Z before 2026-06-01T00:29:50Z',
    '2026-06-01T00:00:00Z before 2026-06-01T00:25:00Z',
  ]);
});

test('where the table ends before the range does, they are looked for at the end of the table', () => {
  const range = { from: at('2026-06-01T00:00:00Z'), to: at('9999-12-31T00:00:00Z') };
  const extent = { ...ends, beyond: 0, recordsPerSecond: 50 };
  expect(windowsOf(range, true, 100, extent).map(show)).toEqual([
    '2026-06-01T00:00:16Z to 9999-12-31T00:00:00Z',
    '2026-06-01T00:00:00Z before 2026-06-01T00:00:16Z',
  ]);
});

test('what lies beyond the known end of the table makes the first window smaller, by no more than the range reaches there', () => {
  const firstFrom = (to: string, beyond: number) => {
    const range = { from: at('2026-06-01T00:00:00Z'), to: at(to) };
    const [window] = windowsOf(range, true, 100, { ...ends, beyond, recordsPerSecond: 50 });
    return formatInstant((window as TimeWindow).from);
  };
  expect(firstFrom('9999-12-31T00:00:00Z', 100)).toBe('2026-06-01T00:00:18Z');
  expect(firstFrom('9999-12-31T00:00:00Z', 1000)).toBe('2026-06-01T00:00:19Z');
  expect(firstFrom('2026-06-01T00:00:21Z', 1000)).toBe('2026-06-01T00:00:17Z');
  expect(firstFrom('2026-06-01T00:00:10Z', 1000)).toBe('2026-06-01T00:00:06Z');
});

describe('whatever the range and the extent', () => {
  const instant = fc.record({
    seconds: fc.integer({ min: -62135596800, max: 253402300799 }),
    micros: fc.integer({ min: 0, max: 999_999 }),
  });
  const near = fc.record({ seconds: fc.integer({ min: 0, max: 3000 }), micros: fc.constantFrom(0, 1, 999_999) });
  const any = fc.oneof(instant, near);

  test('the windows follow each other without gap or overlap and make up the range', () => {
    fc.assert(
      fc.property(
        any,
        any,
        any,
        any,
        fc.boolean(),
        fc.boolean(),
        fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
        (a, b, c, d, descending, known, recordsPerSecond) => {
          const [from, to] = [a, b].sort(compareInstants) as [Instant, Instant];
          const [oldest, newest] = [c, d].sort(compareInstants) as [Instant, Instant];
          const windows = windowsOf(
            { from, to },
            descending,
            100,
            known ? { oldest, newest, beyond: 50, recordsPerSecond } : undefined,
          );
          const ascending = descending ? windows.toReversed() : windows;
          expect(ascending[0]?.from).toEqual(from);
          ascending.forEach((window, i) => {
            const next = ascending[i + 1];
            if (next === undefined) expect(window).toEqual({ from: window.from, to });
            else {
              expect(window).toEqual({ from: window.from, before: next.from });
              expect(compareInstants(window.from, next.from)).toBeLessThan(0);
            }
          });
        },
      ),
    );
  });
});
