import { ApiError } from '@loguro/types';
import Cursor from 'pg-cursor';
import type { Canceller } from './canceller.js';
import type { CompiledQuery } from './compile/compile-query.js';
import { askOf, type Lease, UnresponsiveError, untilUnresponsive } from './connection.js';
import { AS_TEXT, type TextRow } from './decode.js';
import { queryTimeout } from './query-failure.js';
import { rowsPerRead } from './rows-per-read.js';
import { shareSortMemory } from './sort-memory.js';
import type { Statement } from './statement.js';

/** Options of {@link openRowStream}. */
export interface RowStreamOptions {
  signal: AbortSignal;
  canceller: Canceller;
  /** The longest wait for the next rows, in milliseconds. */
  statementTimeoutMs: number;
  /** The whole stream, the reader's own pace included, in milliseconds. */
  streamTimeoutMs: number;
  /** Called with the reason when that is over. A `next` that is under way then fails with it. */
  onExpired: (reason: Error) => void;
}

/** Rows as they are asked for, some at a time. */
export interface RowStream {
  /** Empty: that was all. */
  next(): Promise<TextRow[]>;
  /**
   * Ends the statement, wherever it is, and leaves the connection as it was, or else has it thrown away. No `next` may
   * be under way.
   */
  close(): Promise<void>;
}

/**
 * What the rows of one read may hold when all of them are as large as possible: 128 of them, which together are
 * mostly some ten KiB. More at once were no faster.
 */
const READ_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Opens a cursor in the database, which computes rows only when they are asked for: a slow reader slows the
 * statement down instead of filling memory.
 */
export async function openRowStream(
  connection: Lease,
  { text, values, sorts, copies }: Statement & Pick<CompiledQuery, 'sorts' | 'copies'>,
  { signal, canceller, statementTimeoutMs, streamTimeoutMs, onExpired }: RowStreamOptions,
): Promise<RowStream> {
  const { client } = connection;
  const ask = askOf(client, statementTimeoutMs);
  // Before anything is changed in the session: it throws when the reader has gone away.
  const watch = await canceller.watch(client, signal);
  try {
    // The session's own limit would run from the first row to the last, whoever is slow.
    await ask(`SELECT set_config('statement_timeout', $1, false)`, [String(streamTimeoutMs)]);
    await shareSortMemory(ask, sorts);
  } catch (error) {
    connection.discard();
    await watch.release();
    throw error;
  }
  const deadline = setTimeout(() => {
    const reason = streamTimeout(streamTimeoutMs);
    watch.cancel(reason);
    onExpired(reason);
  }, streamTimeoutMs);
  const cursor = client.query(new Cursor<TextRow>(text, values, { rowMode: 'array', types: AS_TEXT }));
  const batch = rowsPerRead(copies, READ_BYTES_MAX);
  let silent = false;
  return {
    async next() {
      const timer = setTimeout(() => watch.cancel(queryTimeout(statementTimeoutMs)), statementTimeoutMs);
      try {
        return await watch.guard(untilUnresponsive(cursor.read(batch), statementTimeoutMs));
      } catch (error) {
        silent = error instanceof UnresponsiveError;
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      clearTimeout(deadline);
      await watch.release();
      if (silent) return connection.discard();
      try {
        // A cursor that failed is closed already.
        await untilUnresponsive(
          cursor.close().catch(() => undefined),
          statementTimeoutMs,
        );
        await ask('RESET statement_timeout; RESET work_mem');
      } catch (error) {
        connection.discard();
        throw error;
      }
    },
  };
}

function streamTimeout(ms: number): ApiError {
  return new ApiError('query_timeout', `The stream took longer than the ${ms / 1000} s it may.`);
}
