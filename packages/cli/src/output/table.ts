import { type Column, cellText, type Row } from './formats.js';
import { safeLine } from './safe-text.js';
import { measureOf } from './text-width.js';

/** Between two columns. */
const GAP = '  ';
/** A longer cell is cut in a table; every other format has it whole. */
const MAX_CELL = 60;

/** Aligned columns under headings, without lines; control characters in values are shown, not obeyed. */
export async function formatTable(
  rows: readonly Row[],
  columns: readonly Column[],
  bold: (text: string) => string,
): Promise<string> {
  const head = columns.map(({ title, key }) => safeLine(title ?? key));
  const body = rows.map((row) => columns.map(({ key }) => cut(safeLine(cellText(row[key])))));
  const measure = await measureOf([head, ...body].flat());
  const widths = columns.map((_, i) => Math.max(...[head, ...body].map((cells) => measure(cells[i] ?? ''))));
  const line = (cells: string[], paint: (text: string) => string) =>
    cells
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] ?? 0) - measure(cell));
        const last = i === cells.length - 1;
        return columns[i]?.align === 'right' ? space + paint(cell) : paint(cell) + (last ? '' : space);
      })
      .join(GAP)
      .trimEnd();
  return [line(head, bold), ...body.map((cells) => line(cells, (text) => text))].map((text) => `${text}\n`).join('');
}

/** One thing, a line for each property. */
export async function formatItem(
  item: Row,
  columns: readonly Column[],
  bold: (text: string) => string,
): Promise<string> {
  const names = columns.map(({ title, key }) => safeLine(title ?? key));
  const measure = await measureOf(names);
  const width = Math.max(...names.map((name) => measure(name)));
  return columns
    .map(({ key }, i) => {
      const name = names[i] ?? key;
      return `${bold(name)}${' '.repeat(width - measure(name))}${GAP}${safeLine(cellText(item[key]))}\n`;
    })
    .join('');
}

function cut(text: string): string {
  if (text.length <= MAX_CELL) return text;
  return `${[...text].slice(0, MAX_CELL - 1).join('')}…`;
}
