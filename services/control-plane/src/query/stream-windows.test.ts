import { describe, expect, test } from '@jest/globals';
import { formatInstant, type Instant, parseTimestamp } from '@loguro/types';
import fc from 'fast-check';
import { compareInstants } from './compile/range.js';
import type { TimeWindow } from './compile/windows.js';
import { createStreamWindows } from './stream-windows.js';

const at = (text: string) => parseTimestamp(text) as Instant;
const show = (window: TimeWindow | null) =>
  window &&
  `${formatInstant(window.from)} ${'to' in window ? `to ${formatInstant(window.to)}` : `before ${formatInstant(window.before)}`}`;

test('the first window is small and lies where the rows begin; the next ones are as wide as holds the same rows', () => {
  const range = { from: at('2026-01-01T00:00:00Z'), to: at('9999-12-31T00:00:00Z') };
  const extent = { oldest: range.from, newest: at('2026-06-01T00:00:00Z'), beyond: 10, recordsPerSecond: 100 };
  const windows = createStreamWindows({ range, descending: true }, extent);
  expect(show(windows.next())).toBe('2026-05-31T23:59:10Z to 9999-12-31T00:00:00Z');
  windows.ended(25_000, 5);
  expect(show(windows.next())).toBe('2026-05-31T23:57:30Z before 2026-05-31T23:59:10Z');
  windows.ended(100_000, 5);
  expect(show(windows.next())).toBe('2026-05-31T23:56:40Z before 2026-05-31T23:57:30Z');
  windows.ended(0, 5);
  expect(show(windows.next())).toBe('2026-05-31T23:31:40Z before 2026-05-31T23:56:40Z');
});

test('windows that are slow to read become fewer', () => {
  const range = { from: at('2026-01-01T00:00:00Z'), to: at('2026-02-01T00:00:00Z') };
  const windows = createStreamWindows({ range, descending: false });
  expect(show(windows.next())).toBe('2026-01-01T00:00:00Z before 2026-01-01T00:00:10Z');
  windows.ended(50_000, 3000);
  expect(show(windows.next())).toBe('2026-01-01T00:00:10Z before 2026-01-01T00:00:30Z');
});

describe('whatever the range, the extent and the rows', () => {
  const instant = fc.record({
    seconds: fc.integer({ min: -62135596800, max: 253402300799 }),
    micros: fc.integer({ min: 0, max: 999_999 }),
  });
  const near = fc.record({ seconds: fc.integer({ min: 0, max: 100 }), micros: fc.constantFrom(0, 1, 999_999) });
  const any = fc.oneof(instant, near);

  test('the windows follow each other without gap or overlap and make up the range', () => {
    fc.assert(
      fc.property(
        fc.tuple(any, any),
        fc.option(fc.tuple(any, any, fc.double({ min: 1e-9, max: 1e9, noNaN: true }))),
        fc.boolean(),
        fc.array(fc.constantFrom(0, 1, 1000, 50_000, 1e7), { minLength: 1, maxLength: 20 }),
        ([a, b], ends, descending, rows) => {
          const [from, to] = compareInstants(a, b) < 0 ? [a, b] : [b, a];
          const extent = ends && { oldest: ends[0], newest: ends[1], beyond: 0, recordsPerSecond: ends[2] };
          const windows = createStreamWindows({ range: { from, to }, descending }, extent ?? undefined);
          const seen: TimeWindow[] = [];
          for (let window = windows.next(); window !== null; window = windows.next()) {
            seen.push(window);
            // All else goes on until the range is at its end, which empty windows bring about soonest.
            windows.ended(rows[seen.length] ?? 0, 0);
            if (seen.length > 200) throw new Error('too many windows');
          }
          const upwards = descending ? seen.reverse() : seen;
          expect(upwards[0]?.from).toEqual(from);
          upwards.forEach((window, i) => {
            const next = upwards[i + 1];
            if (next === undefined) expect(window).toMatchObject({ to });
            else expect(window).toMatchObject({ before: next.from });
            expect(window.from.micros).toBeGreaterThanOrEqual(0);
            expect(window.from.micros).toBeLessThan(1_000_000);
            const end = 'to' in window ? window.to : window.before;
            expect(compareInstants(window.from, end)).toBeLessThanOrEqual(0);
          });
        },
      ),
    );
  });
});
