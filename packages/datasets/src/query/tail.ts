import { isLoguroError, type LoguroError } from '../errors.js';
import type { Fields } from '../fields.js';
import { delay, withRetries } from '../http/retry.js';
import type { QueryState, RowIn } from './query-state.js';
import type { ColumnsOf, Queryable, RowOf } from './row-types.js';
import type { QueryRunner } from './run.js';
import type { TailRequest, TailResult } from './wire.js';

/** Options of a tail. */
export interface TailOptions {
  /** Ends the tail, as leaving the loop does. */
  signal?: AbortSignal | undefined;
  /** Goes on where an earlier tail stopped, up to 24 hours ago. Default: from now on. */
  cursor?: string | undefined;
  /**
   * Told where to go on, at the start and whenever all records so far were taken: keep it, and a later tail leaves
   * nothing out and shows nothing twice.
   */
  onCursor?: (cursor: string) => void;
  /** Told of each failure that is tried again, and when. The tail goes on where it was. */
  onRetry?: ((error: LoguroError, delayMs: number) => void) | undefined;
}

/** A row of a tail: what was selected, or every field with `timestamp` and `context`. */
export type TailRow<F extends Fields, S extends QueryState> = S['hasSelect'] extends true
  ? RowIn<S>
  : RowOf<ColumnsOf<F, (Queryable<F> | 'context')[]>, true>;

/** How long the server is asked to wait for a record, in seconds. */
const WAIT_SECONDS = 20;
/** How much longer an answer may take than the server waits, in milliseconds. */
const GRACE_MS = 20_000;
/** An empty answer that took less than this, though it may wait, comes from a server that is stopping. */
const TOO_SOON_MS = 100;
const PAUSE_MS = 500;

/**
 * Records as they arrive. An outage is sat out, however long: once the first answer is there, what may succeed later
 * is tried again until the signal fires.
 */
export async function* tailRows<Row>(
  runner: QueryRunner,
  request: TailRequest,
  { signal, cursor: start, onCursor, onRetry }: TailOptions,
): AsyncGenerator<Row, void, undefined> {
  let cursor = start ?? request.cursor;
  let wait = 0;
  try {
    for (;;) {
      const began = performance.now();
      const page = await ask<Row>(runner, { ...request, wait, ...(cursor && { cursor }) }, { signal, cursor, onRetry });
      yield* page.rows;
      cursor = page.cursor;
      onCursor?.(cursor);
      const tooSoon = wait > 0 && page.rowCount === 0 && !page.more && performance.now() - began < TOO_SOON_MS;
      wait = page.more ? 0 : WAIT_SECONDS;
      if (tooSoon) await delay(PAUSE_MS, signal);
    }
  } catch (error) {
    if (signal?.aborted && isLoguroError(error, 'aborted')) return;
    throw error;
  }
}

function ask<Row>(
  runner: QueryRunner,
  request: TailRequest,
  { signal, cursor, onRetry }: Pick<TailOptions, 'cursor' | 'onRetry' | 'signal'>,
): Promise<TailResult<Row>> {
  const timeoutMs = (request.wait ?? 0) * 1000 + GRACE_MS;
  const options = { timeoutMs, ...(signal && { signal }) };
  // At first it may be the address that is wrong.
  const retryForMs = cursor === undefined ? runner.retryForMs : Number.POSITIVE_INFINITY;
  return withRetries(() => runner.tailOnce<Row>(request, options), { retryForMs, signal, onRetry });
}
