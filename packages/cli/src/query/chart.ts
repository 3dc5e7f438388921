import type { QueryResult } from '@loguro/datasets';
import { CliError } from '../cli-error.js';
import { barChart } from '../output/bar-chart.js';
import { cellText } from '../output/formats.js';
import { lineChart } from '../output/line-chart.js';
import type { ChartKind } from './chart-kinds.js';

/**
 * Draws an answer: the last column of numbers against what is in the columns that aren't numbers. Rows without a
 * value are zero in bars and left out of lines.
 *
 * @throws CliError when there is no column of numbers, or there are no rows
 */
export function drawChart(kind: ChartKind, { rows, columns }: QueryResult, width: number): string {
  const value = columns.findLast(({ type }) => type === 'number');
  if (value === undefined) {
    throw new CliError('There is no column of numbers to draw.', {
      hints: ['Select an aggregate: --select "country, count()" --group-by country'],
    });
  }
  const labels = columns.filter(({ type }) => type !== 'number');
  // Grouped by a number, such as a year: the other numbers are labels, too.
  const named = labels.length > 0 ? labels : columns.filter(({ name }) => name !== value.name);
  const points = rows
    .filter((row) => kind === 'bar' || typeof row[value.name] === 'number')
    .map((row) => ({
      label: named.map(({ name }) => cellText(row[name])).join(' · ') || value.name,
      value: Number(row[value.name] ?? 0),
    }));
  if (points.length === 0) throw new CliError('There are no rows to draw.');
  return kind === 'bar' ? barChart(points, width) : lineChart(points.map(shortenTime), width);
}

/** Under an axis there is room for what differs: midnight says the day, other times leave out what is zero. */
function shortenTime(point: { label: string; value: number }): { label: string; value: number } {
  const label = point.label.replace(/^(\d{4}-\d\d-\d\d)T00:00:00Z$/, '$1').replace(/T(\d\d:\d\d):00Z$/, ' $1');
  return { ...point, label };
}
