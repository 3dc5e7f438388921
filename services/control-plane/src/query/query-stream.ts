import type { Pool } from 'pg';
import type { Canceller } from './canceller.js';
import type { CompiledQuery } from './compile/compile-query.js';
import { type Lease, lease } from './connection.js';
import type { TextRow } from './decode.js';
import type { QuerySpan } from './query-span.js';
import { type RowFormat, rowFormat, type StreamType } from './row-formats.js';
import { openRowStream, type RowStream } from './stream-rows.js';

/** A result on its way: send the chunks as they come, at the client's pace. */
export interface QueryStream {
  contentType: string;
  /** Rejects when the statement fails half-way: what was sent by then is not the whole answer. */
  chunks: AsyncIterable<string>;
}

/** Options of {@link openQueryStream}. */
export interface QueryStreamOptions {
  pool: Pool;
  canceller: Canceller;
  type: StreamType;
  signal: AbortSignal;
  /** Ends with the stream. */
  span: QuerySpan;
  statementTimeoutMs: number;
  streamTimeoutMs: number;
  /** Turns what was thrown into something a client may see. */
  toFailure: (thrown: unknown) => unknown;
  /** Called once, when nothing of the stream is left. */
  onClosed: () => void;
}

/**
 * Starts a query whose rows are read as they are sent. It returns with the first rows at hand, so that whatever is
 * wrong with the query is thrown here, where it can still become an error answer.
 */
export async function openQueryStream(compiled: CompiledQuery, options: QueryStreamOptions): Promise<QueryStream> {
  const { pool, signal, type, span, toFailure, onClosed } = options;
  let connection: Lease | undefined;
  let rows: RowStream | undefined;
  let closing: Promise<void> | undefined;
  let abandon: () => void = () => undefined;
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
    rows = await openRowStream(connection.client, compiled, options);
    const first = await rows.next();
    span.rows += first.length;
    const chunks = encode(rowFormat(type, compiled.columns), first, counting(rows, span), close, toFailure);
    // A reader that went away before it read anything never gets to close the stream.
    abandon = () => void chunks.return(undefined).then(() => close());
    signal.addEventListener('abort', abandon, { once: true });
    return { contentType: rowFormat(type, compiled.columns).contentType, chunks };
  } catch (error) {
    await close(error);
    throw error;
  }
}

function counting(rows: RowStream, span: QuerySpan): Pick<RowStream, 'next'> {
  return {
    async next() {
      const batch = await rows.next();
      span.rows += batch.length;
      return batch;
    },
  };
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
      for (const row of batch) chunk += format.row(row);
      yield chunk;
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
