import type { QueryColumn } from '@loguro/types';
import type { Pool } from 'pg';
import type { Canceller } from './canceller.js';
import type { TableExtent } from './compile/windows.js';
import { type Ask, type Lease, lease } from './connection.js';
import type { TextRow } from './decode.js';
import type { QuerySpan } from './query-span.js';
import { type RowFormat, rowFormat, type StreamType } from './row-formats.js';
import { openRowStream, type RowStream } from './stream-rows.js';
import type { StreamPlan } from './stream-statements.js';

/** A result on its way: send the chunks as they come, at the client's pace. */
export interface QueryStream {
  contentType: string;
  /** Rejects when the statement fails half-way: what was sent by then is not the whole answer. */
  chunks: AsyncIterable<string>;
}

/** Characters of a chunk, about: the row that goes over is the last. */
const CHUNK_SIZE = 256 * 1024;

/** Options of {@link openQueryStream}. */
export interface QueryStreamOptions {
  pool: Pool;
  canceller: Canceller;
  type: StreamType;
  signal: AbortSignal;
  plan: StreamPlan;
  /** Looks where the table's records lie in time. */
  readExtent: (ask: Ask) => Promise<TableExtent | undefined>;
  /** Ends with the stream. */
  span: QuerySpan;
  statementTimeoutMs: number;
  streamTimeoutMs: number;
  /** Turns what was thrown into something a client may see. */
  toFailure: (thrown: unknown) => unknown;
  /** Called once, when the stream holds nothing of ours any more. */
  onClosed: () => void;
}

/**
 * Starts a query whose rows are read as they are sent. It returns with the first rows at hand, so that whatever is
 * wrong with the query is thrown here, where it can still become an error answer.
 */
export async function openQueryStream(columns: QueryColumn[], options: QueryStreamOptions): Promise<QueryStream> {
  const { pool, signal, type, span, toFailure, onClosed } = options;
  let connection: Lease | undefined;
  let rows: RowStream | undefined;
  let closing: Promise<void> | undefined;
  let abandon: () => void = () => undefined;
  const reads = new Reads(span);
  const close = (failure?: unknown) => {
    closing ??= (async () => {
      signal.removeEventListener('abort', abandon);
      let broken = failure;
      try {
        await rows?.close();
      } catch (error) {
        broken = error;
      }
      connection?.release(broken);
      span.end(broken);
      onClosed();
    })();
    return closing;
  };
  try {
    connection = await lease(pool);
    // A reader that has stopped asks for nothing that could fail: what it holds is taken from it.
    const onExpired = (reason: Error) => {
      if (!reads.expire(reason)) void close(reason);
    };
    rows = await openRowStream(connection, options.plan, { ...options, onExpired });
    const opened = rows;
    const next = () => reads.read(opened);
    const chunks = encode(rowFormat(type, columns), await next(), { next }, close, toFailure);
    // A reader that went away before it read anything never gets to close the stream.
    abandon = () => void chunks.return(undefined).then(() => close());
    signal.addEventListener('abort', abandon, { once: true });
    return { contentType: rowFormat(type, columns).contentType, chunks };
  } catch (error) {
    await close(error);
    throw error;
  }
}

/** The reads of one stream: counts their rows, and fails all that come after its time. */
class Reads {
  readonly #span: QuerySpan;
  #underWay = false;
  #expired: Error | undefined;

  constructor(span: QuerySpan) {
    this.#span = span;
  }

  /** @returns whether a read is under way, which ends the stream */
  expire(reason: Error): boolean {
    this.#expired = reason;
    return this.#underWay;
  }

  async read(rows: RowStream): Promise<TextRow[]> {
    if (this.#expired !== undefined) throw this.#expired;
    this.#underWay = true;
    try {
      const batch = await rows.next();
      this.#span.rows += batch.length;
      return batch;
    } finally {
      this.#underWay = false;
    }
  }
}

async function* encode(
  format: RowFormat,
  first: TextRow[],
  rows: Pick<RowStream, 'next'>,
  close: (failure?: unknown) => Promise<void>,
  toFailure: (thrown: unknown) => unknown,
): AsyncGenerator<string, void, undefined> {
  let failure: unknown;
  try {
    let chunk = format.head;
    for (let batch = first; batch.length > 0; batch = await rows.next()) {
      for (const row of batch) {
        chunk += format.row(row);
        if (chunk.length < CHUNK_SIZE) continue;
        yield chunk;
        chunk = '';
      }
      if (chunk !== '') yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  } catch (error) {
    failure = error;
    throw toFailure(error);
  } finally {
    await close(failure);
  }
}
