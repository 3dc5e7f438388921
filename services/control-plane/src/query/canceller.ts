import { Pool, type PoolClient } from 'pg';
import { askOf, UnresponsiveError } from './connection.js';

/** A connection at work, and the way to end its statement early. */
export interface Watch {
  /** Cancels the statement; the reason is what {@link Watch.guard} throws. */
  cancel(reason: unknown): void;
  /**
   * Waits for the statement, or for a part of it.
   *
   * @throws the reason of the cancellation, or what the statement threw; UnresponsiveError in any case, because of
   *   what it says of the connection
   */
  guard<T>(work: Promise<T>): Promise<T>;
  /**
   * Stops watching, and waits for a cancellation under way: only then the connection can't lose its next statement
   * to it.
   */
  release(): Promise<void>;
}

/** Cancels statements in the database. */
export interface Canceller {
  /**
   * Watches a connection that is about to run a statement; it is cancelled when the signal fires.
   *
   * @throws the signal's reason when it has fired before
   */
  watch(client: PoolClient, signal: AbortSignal): Promise<Watch>;
  close(): Promise<void>;
}

/** When even the cancellation gets no answer in this time, the statement timeout has to end the statement. In milliseconds. */
const CANCEL_TIMEOUT_MS = 2000;

/**
 * Cancels with pg_cancel_backend, over a connection of its own: when statements must be cancelled is just when
 * the pool may have no connection left.
 *
 * @param pool whose connections are to be cancelled
 */
export function createCanceller(pool: Pool): Canceller {
  const own = new Pool({
    ...pool.options,
    // The pool keeps its password where spreading does not find it.
    password: pool.options.password,
    max: 1,
    idleTimeoutMillis: 10_000,
    query_timeout: CANCEL_TIMEOUT_MS,
  });
  own.on('error', () => undefined);
  const pids = new WeakMap<PoolClient, number>();

  /** Asked once for each connection: the pool hands out the same objects again and again. */
  async function pidOf(client: PoolClient): Promise<number> {
    const known = pids.get(client);
    if (known !== undefined) return known;
    const ask = askOf(client, CANCEL_TIMEOUT_MS);
    const { rows } = await ask<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid as number;
    pids.set(client, pid);
    return pid;
  }

  return {
    async watch(client, signal) {
      const pid = await pidOf(client);
      signal.throwIfAborted();
      let cancelled: { reason: unknown; done: Promise<unknown> } | undefined;
      const cancel = (reason: unknown) => {
        cancelled ??= {
          reason,
          done: own.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined),
        };
      };
      const onAbort = () => cancel(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      return {
        cancel,
        async guard(work) {
          try {
            const value = await work;
            if (cancelled !== undefined) throw cancelled.reason;
            return value;
          } catch (error) {
            throw cancelled === undefined || error instanceof UnresponsiveError ? error : cancelled.reason;
          }
        },
        async release() {
          signal.removeEventListener('abort', onAbort);
          await cancelled?.done;
        },
      };
    },
    close: () => own.end(),
  };
}
