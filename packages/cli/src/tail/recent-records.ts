import { createHash } from 'node:crypto';
import type { Row } from '../output/formats.js';

interface Seen {
  /** How many equal ones were there in an earlier round, and in this one. */
  before: number;
  now: number;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A multiset of the records in a moving window: tells those that were not there in the round before. */
export class RecentRecords {
  readonly #seen = new Map<string, Seen>();

  /** Whether there are now more equal records than in the rounds before. */
  add(row: Row): boolean {
    const key = createHash('sha256').update(JSON.stringify(row)).digest('base64url');
    const seen = this.#seen.get(key) ?? { before: 0, now: 0, at: Date.parse(String(row.timestamp)) };
    this.#seen.set(key, seen);
    seen.now++;
    return seen.now > seen.before;
  }

  /** Call after the last record of a round. */
  endOfRound(): void {
    for (const seen of this.#seen.values()) {
      seen.before = Math.max(seen.before, seen.now);
      seen.now = 0;
    }
  }

  /** Drops what can't come again: memory holds one window. */
  forgetBefore(time: number): void {
    for (const [key, { at }] of this.#seen) if (at < time) this.#seen.delete(key);
  }
}
