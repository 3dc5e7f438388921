/**
 * Moments and sizes for tests, from a seed: `LOGURO_TEST_SEED` repeats a run's choices (though not the
 * machine's).
 */
export const SEED = Number(process.env.LOGURO_TEST_SEED ?? Date.now() % 2 ** 31);

let state = SEED >>> 0;

/** A whole number from `min` up to, but not including, `max` (mulberry32). */
export function between(min: number, max: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  return min + Math.floor(fraction * (max - min));
}
