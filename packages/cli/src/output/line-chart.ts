import { plot } from 'simple-ascii-chart';
import { formatNumber } from './numbers.js';
import { safeLine } from './safe-text.js';

/** One point; `label` stands under the axis. */
export interface Point {
  label: string;
  value: number;
}

const HEIGHT = 12;
/** Labels under the axis: both ends and as many between as there is room for. */
const LABEL_ROOM = 24;

/** A line over evenly spaced points, in the order given. */
export function lineChart(points: readonly Point[], width: number): string {
  const values = points.map(({ value }) => formatNumber(value).length);
  const room = Math.max(20, width - Math.max(...values) - 4);
  const ticks = tickIndexes(points.length, Math.max(2, Math.floor(room / LABEL_ROOM)));
  const chart = plot(
    points.map(({ value }, i): [number, number] => [i, value]),
    {
      width: room,
      height: HEIGHT,
      customXAxisTicks: ticks,
      formatter: (value, { axis }) => (axis === 'x' ? safeLine(points[value]?.label ?? '') : formatNumber(value)),
    },
  );
  return `${chart
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')}\n`;
}

function tickIndexes(count: number, wanted: number): number[] {
  if (count <= wanted) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: wanted }, (_, i) => Math.round((i * (count - 1)) / (wanted - 1)));
}
