import type { Row } from './questions.js';

/** Rows as an aligned table of text; numbers to the right, with at most two decimals. Long ones are cut in the middle. */
export function table(rows: readonly Row[], maxRows = 8): string {
  const names = Object.keys(rows[0] ?? {});
  const shown = rows.slice(0, maxRows).map((row) => names.map((name) => cell(row[name])));
  const widths = names.map((name, i) => Math.max(name.length, ...shown.map((cells) => (cells[i] as string).length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, i) => (isNumber(rows[0], names[i]) ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ');
  const rest = rows.length - shown.length;
  const all = [line(names), ...shown.map(line), ...(rest > 0 ? [`… and ${rest} more`] : [])];
  return all.map((text) => `    ${text.trimEnd()}`).join('\n');
}

function cell(value: string | number | undefined): string {
  if (typeof value !== 'number') return String(value ?? '').replace(/T00:00:00(\.0+)?Z$/, '');
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}

function isNumber(row: Row | undefined, name: string | undefined): boolean {
  return typeof row?.[name ?? ''] === 'number';
}
