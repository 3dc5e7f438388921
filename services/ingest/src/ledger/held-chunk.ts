import type { Chunk } from '@loguro/types';

/** A chunk in a worker's hands. */
export type HeldChunk = Omit<Chunk, 'lines'> & {
  /** Its COPY text as PostgreSQL gets it. */
  lines: Buffer;
};

/**
 * Takes the text out of a chunk, as bytes. Dozens of jobs are in hand at once; as strings their lines are what V8's
 * collector copies from one half of its young generation to the other, again and again, for as long as they wait: the
 * largest part of what a drain cost the worker.
 *
 * @param chunk keeps no text, since the queue keeps the job it belongs to until it is done
 */
export function holdChunk(chunk: Chunk): HeldChunk {
  const { lines, ...rest } = chunk;
  chunk.lines = '';
  return { ...rest, lines: Buffer.from(lines) };
}
