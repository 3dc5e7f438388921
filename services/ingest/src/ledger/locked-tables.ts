/** After so many waits in vain for a lock the pause before the next grows no more: then it takes a 33rd of the time. */
const MAX_DOUBLINGS = 5;

interface Lock {
  error: Error;
  waits: number;
  until: number;
}

/**
 * Remembers whose table was locked a moment ago. All that is stored at the same time waits for a lock with whoever waits
 * for it; so what is for such a table is put off at once, for as long as the wait took, and twice as long each further time.
 */
export class LockedTables {
  readonly #waitMs: number;
  readonly #locks = new Map<number, Lock>();

  /** @param waitMs how long a lock is waited for */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** What a chunk of the dataset is to be put off with; null when its table is worth a try. */
  errorOf(dataset: number): Error | null {
    const lock = this.#locks.get(dataset);
    return lock !== undefined && performance.now() < lock.until ? lock.error : null;
  }

  /** A lock was waited for in vain. */
  waited(dataset: number, error: Error): void {
    const waits = (this.#locks.get(dataset)?.waits ?? 0) + 1;
    const pause = this.#waitMs * 2 ** Math.min(waits - 1, MAX_DOUBLINGS);
    this.#locks.set(dataset, { error, waits, until: performance.now() + pause });
  }

  /** It is not locked (any more), or gone. */
  forget(dataset: number): void {
    this.#locks.delete(dataset);
  }
}
