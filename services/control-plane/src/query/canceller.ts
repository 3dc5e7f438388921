import { Pool, type PoolClient } from 'pg';

/** A statement under way, and the way to end it early. */
export interface Watch {
  /** Cancels the statement; what {@link Watch.settle} throws is the reason. */
  cancel(reason: unknown): void;
  /**
   * Waits for the statement, and for the cancellation where one was asked: only then the connection is free of
   * it, and can't lose its next statement to a late cancellation.
   *
   * @throws the reason of the cancellation, or what the statement threw
   */
  settle<T>(ended: Promise<T>): Promise<T>;
}

/** Cancels statements in the database. */
export interface Canceller {
  /**
   * Watches the statement that the connection is about to run; it is cancelled when the signal fires.
   *
   * @throws the signal's reason when it has fired before
   */
  watch(client: PoolClient, signal: AbortSignal): Promise<Watch>;
  close(): Promise<void>;
}

/**
 * Cancels with pg_cancel_backend, over a connection of its own: when statements must be cancelled is just when
 * the pool may have no connection left.
 *
 * @param pool whose connections are to be cancelled
 */
export function createCanceller(pool: Pool): Canceller {
  // The pool keeps its password where spreading does not find it.
  const own = new Pool({ ...pool.options, password: pool.options.password, max: 1, idleTimeoutMillis: 10_000 });
  own.on('error', () => undefined);
  const pids = new WeakMap<PoolClient, number>();

  /** Asked once for each connection: the pool hands out the same objects again and again. */
  async function pidOf(client: PoolClient): Promise<number> {
    const known = pids.get(client);
    if (known !== undefined) return known;
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
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
        // When even this fails, the statement timeout ends what could not be cancelled.
        const ask = () => own.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined);
        cancelled ??= { reason, done: ask() };
      };
      const onAbort = () => cancel(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      return {
        cancel,
        async settle(ended) {
          try {
            const value = await ended;
            if (cancelled !== undefined) throw cancelled.reason;
            return value;
          } catch (error) {
            throw cancelled === undefined ? error : cancelled.reason;
          } finally {
            signal.removeEventListener('abort', onAbort);
            await cancelled?.done;
          }
        },
      };
    },
    close: () => own.end(),
  };
}
