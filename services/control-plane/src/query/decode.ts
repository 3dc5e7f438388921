/** A row as PostgreSQL sends it: the text of each value. */
export type TextRow = (string | null)[];

/** The column types of the driver, set to hand out the text as it is: its own would cut microseconds off. */
export const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Bytes a row takes, about: the length of its texts. */
export function rowSize(row: TextRow): number {
  let size = 0;
  for (const text of row) size += text === null ? 4 : text.length;
  return size;
}

/** JSON has no word for infinity, which a percentile between two huge numbers can be: null. */
export function decodeNumber(text: string): number | null {
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/**
 * `2026-06-10 10:58:00.5+00` as `2026-06-10T10:58:00.5Z`. The session's zone is UTC. A bucket that starts
 * before year 1, west of Greenwich, comes as `… BC`; 1 BC is the year 0000 of RFC 3339.
 */
export function decodeTimestamp(text: string): string {
  if (text.endsWith('BC')) return `0000${text.slice(4, 10)}T${text.slice(11, -6)}Z`;
  return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
}
