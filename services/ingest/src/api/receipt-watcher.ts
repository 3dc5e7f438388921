import type { Database } from '../cache/database.js';
import { type LedgerEntry, READ_LEDGER } from './receipts.js';

/** Time between two looks at the ledger while someone waits, in milliseconds. */
const POLL_MS = 25;
/** Receipts waited for at once; whoever comes on top is told what is known at once. */
const MAX_WAITING = 10_000;

interface Waiter {
  resolve: (entry: LedgerEntry | null) => void;
  deadline: number;
}

/**
 * Waits for chunks to appear in the ledger. However many requests wait, the ledger is read by one query
 * at a time, for all of them, and not at all while no one waits.
 */
export class ReceiptWatcher {
  readonly #database: Database;
  readonly #waiting = new Map<string, Waiter[]>();
  #waiters = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Requests that wait right now. */
  get waiters(): number {
    return this.#waiters;
  }

  /**
   * The ledger's entry for a chunk; null when it has none by then.
   *
   * @param waitMs at most; 0 looks once
   * @throws ApiError `unavailable` when the first look fails; later ones are only tried again
   */
  async look(chunkId: string, waitMs: number): Promise<LedgerEntry | null> {
    const deadline = performance.now() + waitMs;
    const [entry] = await this.#database.query<LedgerEntry>(READ_LEDGER, [[chunkId]]);
    return entry ?? this.#wait(chunkId, deadline);
  }

  /** The same for a chunk that was queued this moment: the first look can wait for the others'. */
  await(chunkId: string, waitMs: number): Promise<LedgerEntry | null> {
    return this.#wait(chunkId, performance.now() + waitMs);
  }

  /** Lets everyone go with what is known. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const [chunkId, waiters] of this.#waiting) this.#settle(chunkId, waiters, null);
  }

  #wait(chunkId: string, deadline: number): Promise<LedgerEntry | null> {
    if (this.#closed || this.#waiters >= MAX_WAITING || deadline <= performance.now()) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(chunkId) ?? [];
      waiters.push({ resolve, deadline });
      this.#waiting.set(chunkId, waiters);
      this.#waiters += 1;
      this.#timer ??= setTimeout(() => void this.#poll(), POLL_MS);
    });
  }

  async #poll(): Promise<void> {
    try {
      const found = await this.#database.query<LedgerEntry>(READ_LEDGER, [[...this.#waiting.keys()]]);
      for (const entry of found) this.#settle(entry.chunk_id, this.#waiting.get(entry.chunk_id) ?? [], entry);
    } catch {
      // The database is away: those who wait do so until it is back or their time is up.
    }
    this.#expire(performance.now());
    this.#timer = undefined;
    if (this.#waiters > 0 && !this.#closed) this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  #expire(now: number): void {
    for (const [chunkId, waiters] of this.#waiting) {
      const late = waiters.filter(({ deadline }) => deadline <= now);
      if (late.length === 0) continue;
      const rest = waiters.filter(({ deadline }) => deadline > now);
      this.#settle(chunkId, late, null);
      if (rest.length > 0) this.#waiting.set(chunkId, rest);
    }
  }

  #settle(chunkId: string, waiters: readonly Waiter[], entry: LedgerEntry | null): void {
    this.#waiting.delete(chunkId);
    this.#waiters -= waiters.length;
    for (const { resolve } of waiters) resolve(entry);
  }
}
