import { ApiError } from '@loguro/types';
import Cursor from 'pg-cursor';
import type { Canceller } from './canceller.js';
import { type Lease, untilUnresponsive } from './connection.js';
import { AS_TEXT, rowSize, type TextRow } from './decode.js';
import { queryTimeout } from './query-failure.js';
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

/** Rows in the first batch; after that as many as hold about {@link BATCH_BYTES}. */
const FIRST_BATCH_ROWS = 100;
const BATCH_BYTES = 512 * 1024;
const BATCH_ROWS_MAX = 5000;

/**
 * Opens a cursor in the database, which computes rows only when they are asked for: a slow reader slows the
 * statement down instead of filling memory.
 */
export async function openRowStream(
  connection: Lease,
  { text, values, sorts }: Statement & { sorts?: number },
  { signal, canceller, statementTimeoutMs, streamTimeoutMs, onExpired }: RowStreamOptions,
): Promise<RowStream> {
  const { client } = connection;
  // Before anything is changed in the session: it throws when the reader has gone away.
  const watch = await canceller.watch(client, signal);
  try {
    // The session's own limit would run from the first row to the last, whoever is slow.
    await client.query(`SELECT set_config('statement_timeout', $1, false)`, [String(streamTimeoutMs)]);
    await shareSortMemory(client, sorts);
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
  let batch = FIRST_BATCH_ROWS;
  return {
    async next() {
      const timer = setTimeout(() => watch.cancel(queryTimeout(statementTimeoutMs)), statementTimeoutMs);
      try {
        const rows = await watch.guard(untilUnresponsive(cursor.read(batch), statementTimeoutMs));
        const bytes = rows.reduce((sum, row) => sum + rowSize(row), 1);
        batch = Math.min(Math.max(1, Math.floor((BATCH_BYTES / bytes) * rows.length)), BATCH_ROWS_MAX);
        return rows;
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      clearTimeout(deadline);
      await watch.release();
      try {
        await untilUnresponsive(closeCursor(client, cursor), statementTimeoutMs);
      } catch (error) {
        connection.discard();
        throw error;
      }
    },
  };
}

async function closeCursor(client: Lease['client'], cursor: Cursor): Promise<void> {
  // A cursor that failed is closed already.
  await cursor.close().catch(() => undefined);
  await client.query('RESET statement_timeout; RESET work_mem');
}

function streamTimeout(ms: number): ApiError {
  return new ApiError('query_timeout', `The stream took longer than the ${ms / 1000} s it may.`);
}
