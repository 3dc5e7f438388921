import { type Figure, median, rangeOf } from '../report.js';

/** One thing that is measured against others. */
export interface Contender {
  name: string;
  /** A figure where more is better, or less; the same for all. */
  measure: () => Promise<number>;
}

/** Times each contender is measured; interleaved, so that a busy machine disturbs all alike. */
const ROUNDS = Number(process.env.LOGURO_BENCH_ROUNDS ?? 5);

/** Measures all contenders in turn, round after round. */
export async function interleave(
  contenders: readonly Contender[],
  unit: string,
  say: (line: string) => void,
): Promise<(name: string) => number[]> {
  const seen = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const latest: string[] = [];
    for (const { name, measure } of contenders) {
      const value = await measure();
      seen.get(name)?.push(value);
      latest.push(`${name} ${value.toFixed(value < 100 ? 2 : 0)}`);
    }
    say(`round ${round} of ${ROUNDS}, ${unit}: ${latest.join(', ')}`);
  }
  return (name) => seen.get(name) ?? [];
}

/** The median of the ratios within each round. */
export function ratio(
  what: string,
  values: readonly number[],
  floor: readonly number[],
  reach?: Figure['reach'],
): Figure {
  const ratios = values.map((value, round) => value / (floor[round] as number));
  return { what, value: median(ratios), unit: '×', range: rangeOf(ratios), ...(reach === undefined ? {} : { reach }) };
}
