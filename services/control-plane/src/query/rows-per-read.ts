import { LIMITS } from '@loguro/types';

/**
 * Rows that may be read at once so that they stay below a size even when each is as large as a row can be. How large the next
 * rows are can't be told from the last ones.
 *
 * @param copies of a record's longest text in one row, see compile/copies.ts
 */
export function rowsPerRead(copies: number, maxBytes: number): number {
  return Math.max(1, Math.floor(maxBytes / LIMITS.recordBytes / copies));
}
