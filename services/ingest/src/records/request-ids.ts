import type { Chunk } from '@loguro/types';

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

/** The traces of the recorded requests in these chunks, each once, the first twenty; undefined when there are none. */
export function traceIdsOf(chunks: readonly Pick<Chunk, 'traces'>[]): string[] | undefined {
  const ids = new Set(chunks.flatMap(({ traces = [] }) => traces).map((trace) => trace.split('-', 2)[1] as string));
  return ids.size === 0 ? undefined : [...ids].slice(0, MOST);
}
