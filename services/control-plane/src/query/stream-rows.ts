import { ApiError } from '@loguro/types';
import Cursor from 'pg-cursor';
import type { Canceller } from './canceller.js';
import type { TableExtent } from './compile/windows.js';
import { type Ask, askOf, type Lease, UnresponsiveError, untilUnresponsive } from './connection.js';
import { AS_TEXT, type TextRow } from './decode.js';
import { queryTimeout } from './query-failure.js';
import { rowsPerRead } from './rows-per-read.js';
import { shareSortMemory } from './sort-memory.js';
import type { StreamPlan, StreamStatements } from './stream-statements.js';

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
  /** Looks where the table's records lie in time; for a plan of several statements. */
  readExtent: (ask: Ask) => Promise<TableExtent | undefined>;
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
 * Opens cursors in the database, which compute rows only when they are asked for: a slow reader slows the
 * statement down instead of filling memory.
 */
export async function openRowStream(
  connection: Lease,
  plan: StreamPlan,
  { signal, canceller, statementTimeoutMs, streamTimeoutMs, onExpired, readExtent }: RowStreamOptions,
): Promise<RowStream> {
  const ask = askOf(connection.client, statementTimeoutMs);
  // Before anything is changed in the session: it throws when the reader has gone away.
  const watch = await canceller.watch(connection.client, signal);
  let statements: StreamStatements;
  try {
    // The session's own limits would run from the first row to the last, and between two statements, whoever is slow.
    await ask(SET_LIMITS, [String(streamTimeoutMs)]);
    await shareSortMemory(ask, plan.sorts);
    if (plan.several) await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    statements = await watch.guard(plan.statements(() => readExtent(ask)));
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
  const reader = new Reader(connection, statements, rowsPerRead(plan.copies, READ_BYTES_MAX));
  let silent = false;
  return {
    async next() {
      const timer = setTimeout(() => watch.cancel(queryTimeout(statementTimeoutMs)), statementTimeoutMs);
      try {
        // Many windows may be empty; the time is that of all of them.
        return await watch.guard(untilUnresponsive(connection.unlessLost(reader.next()), statementTimeoutMs));
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
        await untilUnresponsive(connection.unlessLost(reader.close()), statementTimeoutMs);
        await ask(`${plan.several ? 'ROLLBACK; ' : ''}${RESET_LIMITS}`);
      } catch (error) {
        connection.discard();
        throw error;
      }
    },
  };
}

const SET_LIMITS = `
  SELECT set_config('statement_timeout', $1, false), set_config('idle_in_transaction_session_timeout', $1, false)`;
const RESET_LIMITS = 'RESET statement_timeout; RESET idle_in_transaction_session_timeout; RESET work_mem';

/** Reads the statements of a stream one after the other. */
class Reader {
  readonly #connection: Lease;
  readonly #statements: StreamStatements;
  readonly #batch: number;
  #cursor: Cursor<TextRow> | null = null;
  #rows = 0;
  #started = 0;
  #waitMs = 0;

  constructor(connection: Lease, statements: StreamStatements, batch: number) {
    this.#connection = connection;
    this.#statements = statements;
    this.#batch = batch;
  }

  /** Empty: that was all. */
  async next(): Promise<TextRow[]> {
    for (;;) {
      this.#cursor ??= this.#open();
      if (this.#cursor === null) return [];
      const rows = await this.#cursor.read(this.#batch);
      if (this.#rows === 0) this.#waitMs = performance.now() - this.#started;
      this.#rows += rows.length;
      if (rows.length < this.#batch) {
        // The cursor has closed itself.
        this.#cursor = null;
        this.#statements.ended(this.#rows, this.#waitMs);
      }
      if (rows.length > 0) return rows;
    }
  }

  #open(): Cursor<TextRow> | null {
    const statement = this.#statements.next();
    if (statement === null) return null;
    const { text, values } = statement;
    this.#rows = 0;
    this.#started = performance.now();
    return this.#connection.client.query(new Cursor<TextRow>(text, values, { rowMode: 'array', types: AS_TEXT }));
  }

  async close(): Promise<void> {
    // A cursor that failed is closed already.
    await this.#cursor?.close().catch(() => undefined);
  }
}

function streamTimeout(ms: number): ApiError {
  return new ApiError('query_timeout', `The stream took longer than the ${ms / 1000} s it may.`);
}
