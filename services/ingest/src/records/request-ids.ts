/** How many ids a line of the log names. */
const MOST = 20;
/** The columns of a line before `__traceId`: `timestamp` and `context`. */
const BEFORE = 2;

/**
 * The request ids that the records of these lines came with, each once, the first twenty: `__traceId` is the third
 * column of every line. For failures alone, as it reads the lines.
 *
 * @param texts COPY text of chunks
 */
export function requestIdsOf(texts: readonly string[]): string[] {
  const ids = new Set<string>();
  for (const text of texts) {
    for (let start = 0; start < text.length && ids.size < MOST; ) {
      const lineEnd = text.indexOf('\n', start);
      const end = lineEnd < 0 ? text.length : lineEnd;
      const id = text.slice(start, end).split('\t', BEFORE + 1)[BEFORE];
      if (id !== undefined) ids.add(id);
      start = end + 1;
    }
  }
  return [...ids];
}
