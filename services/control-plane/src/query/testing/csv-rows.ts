/**
 * Reads CSV by RFC 4180, null as an empty field and an empty string as `""`.
 *
 * @returns the lines, the first of them with the names of the columns
 */
export function csvLines(text: string): (string | null)[][] {
  const lines: (string | null)[][] = [];
  let line: (string | null)[] = [];
  // A field, quoted or not, and what ends it; no field has a line break without quotes.
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    line.push(quoted === undefined ? bare || null : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

/** The rows of an answer in CSV, with values of the types that are expected there. */
export function csvRows(text: string, expected: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const [names = [], ...lines] = csvLines(text);
  return lines.map((line, i) =>
    Object.fromEntries(names.map((name, at) => [name, typed(line[at] ?? null, expected[i]?.[name as string])])),
  );
}

function typed(text: string | null, like: unknown): unknown {
  if (text === null) return null;
  if (typeof like === 'number') return Number(text);
  return typeof like === 'boolean' ? text === 'true' : text;
}
