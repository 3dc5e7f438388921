/** BullMQ's name of the one queue between the ingest API and the ingest worker. */
export const INGEST_QUEUE = 'ingest';
/** BullMQ's key prefix, so that a shared Redis keeps ours apart. */
export const QUEUE_PREFIX = 'loguro';
/** The schema of the queue's tables when PostgreSQL is the queue. */
export const QUEUE_SCHEMA = 'queue';
/** The one kind of job: some chunks, each to be stored exactly once. */
export const STORE_JOB = 'store';

/**
 * The unit of exactly-once storage: the records of one flush for one dataset, or those of one request
 * that carried an `Idempotency-Key`.
 */
export interface Chunk {
  /** UUID; the ledger's primary key; the client's receipt begins with it. */
  id: string;
  dataset: number;
  /** Lines in `lines`. */
  count: number;
  /** When the API took the first of the records, in milliseconds since the epoch. */
  at: number;
  /**
   * COPY text format, one line per record, each ended by a newline. Columns, in this order:
   * `timestamp`, `context`, `__traceId`, then the declared fields in the order of registration.
   */
  lines: string;
  /**
   * W3C `traceparent`s of the recorded requests whose records are in here, at most {@link CHUNK_TRACES}. Absent when
   * there are none, and from releases without traces.
   */
  traces?: string[];
}

/** A chunk names no more requests than this: what a worker's span may link to is bounded. */
export const CHUNK_TRACES = 32;

/** The data of a {@link STORE_JOB}. */
export interface StoreJob {
  /** Version of this shape: a worker refuses what it does not know. */
  v: 1;
  chunks: Chunk[];
}
