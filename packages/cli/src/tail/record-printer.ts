import { cellText, formatCsv, formatNdjson, type Row } from '../output/formats.js';
import type { Output } from '../output/output.js';
import { safeLine } from '../output/safe-text.js';

/** Prints records that come little by little: a line each, the same in every batch. `--json` is NDJSON here. */
export function recordPrinter(out: Output, columns: readonly string[]): (rows: readonly Row[]) => Promise<void> {
  const keys = columns.map((key) => ({ key }));
  let header = true;
  return async (rows) => {
    if (out.format === 'json' || out.format === 'ndjson') await out.data(formatNdjson(rows));
    else if (out.format === 'csv') await out.data(formatCsv(rows, keys, header));
    else await out.data(rows.map((row) => line(row, columns, out)).join(''));
    header = false;
  };
}

function line(row: Row, [time = 'timestamp', ...fields]: readonly string[], { colors }: Output): string {
  const values = fields
    .filter((name) => row[name] !== null && !isEmpty(row[name]))
    .map((name) => `${colors.dim(`${safeLine(name)}=`)}${safeLine(cellText(row[name]))}`);
  return `${colors.cyan(safeLine(cellText(row[time])))} ${values.join(' ')}\n`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
