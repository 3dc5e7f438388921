/** One figure. */
export interface Figure {
  what: string;
  value: number;
  /** Printed behind the value: `×`, `MB`. */
  unit: string;
  /** What it should reach; absent: for information. */
  reach?: { atLeast: number } | { atMost: number };
  /** The lowest and highest of the runs it is the median of. */
  range?: readonly [number, number];
}

/** A group of figures that belong together. */
export interface Suite {
  /** As given on the command line. */
  name: string;
  title: string;
  /** Measures; tells `say` what it is doing. */
  run(say: (line: string) => void): Promise<Figure[]>;
}

/** Whether the figure reached what it should. */
export function reached({ value, reach }: Figure): boolean {
  if (reach === undefined) return true;
  return 'atLeast' in reach ? value >= reach.atLeast : value <= reach.atMost;
}

/** One line of the report. */
export function toLine(figure: Figure): string {
  const { what, value, unit, reach, range } = figure;
  const spread = range === undefined ? '' : ` (${short(range[0])} to ${short(range[1])})`;
  const goal =
    reach === undefined ? '' : 'atLeast' in reach ? `  at least ${reach.atLeast}` : `  at most ${reach.atMost}`;
  const verdict = reach === undefined ? '' : reached(figure) ? '  reached' : '  MISSED';
  return `${what.padEnd(64)} ${short(value).padStart(8)} ${unit}${spread}${goal}${verdict}`;
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** The middle value; of an even number of values the upper of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('There is no median of nothing');
  return middle;
}

/** The lowest and the highest. */
export function rangeOf(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
