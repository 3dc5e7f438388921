import type { QueryColumn } from '@loguro/types';
import type { TextRow } from './decode.js';
import { jsonRow } from './row-formats.js';

/**
 * An answer with rows as JSON text. The rows become JSON straight from what PostgreSQL sent: made into objects in
 * between, they took most of the time that a short query costs this process.
 *
 * @param rest the answer's other properties
 */
export function resultText<Result extends { rows: unknown }>(
  columns: readonly QueryColumn[],
  rows: readonly TextRow[],
  rest: Omit<Result, 'rows'>,
): string {
  return `{"rows":[${rows.map(jsonRow(columns)).join(',')}],${JSON.stringify(rest).slice(1)}`;
}
