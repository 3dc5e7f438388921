import type { Chunk } from '@loguro/types';

/** Lines of accepted records, on their way into a chunk that groups them with others of their dataset. */
export interface Lines {
  dataset: number;
  /** COPY text, one line per record, each ended by a newline; see {@link Chunk.lines}. */
  lines: string;
  /** Lines in `lines`; at least 1. */
  count: number;
  /** `traceparent` of the span that queues them, when their request is recorded; see {@link Chunk.traces}. */
  trace?: string | undefined;
}

/** The producing side of the queue, the same over Redis and PostgreSQL. */
export interface IngestQueue {
  /**
   * Queues records, grouped with whatever else arrives while a flush is in flight.
   *
   * @returns the id of the chunk they travel in, once the queue durably has it
   * @throws ApiError `overloaded` past the high-water mark, `unavailable` when the queue can't be reached in
   *   time: the caller must not tell its client that anything was accepted
   */
  append(lines: Lines): Promise<string>;

  /**
   * Queues one chunk with an id of the caller's choice (idempotent requests). Throws like {@link append}.
   *
   * @param trace as in {@link Lines}
   */
  appendChunk(chunk: Chunk, trace?: string): Promise<void>;

  /** Flushes what is gathered, then disconnects. No append may follow. */
  close(): Promise<void>;
}
