import { ApiError } from '@loguro/types';
import { LRUCache } from 'lru-cache';

/** What a cache needs to know of the change feed. */
export interface Freshness {
  readonly epoch: number;
  covers(epoch: number, now: number): boolean;
}

/** Options of {@link FreshCache}. */
export interface FreshCacheOptions<K extends string | number, V> {
  /** Entries kept; the least recently used go first. */
  max: number;
  feed: Freshness;
  /** Reads the present state, with everything that was committed before the call; never undefined. */
  load: (key: K) => Promise<V>;
}

/** A cache without its types: to be counted and emptied. */
export interface AnyCache {
  readonly hits: number;
  readonly misses: number;
  clear(): void;
}

interface Entry<V> {
  value: V;
  epoch: number;
  /** When its load began, of `performance.now()`. */
  readAt: number;
}

/** A load in progress. */
class Flight {
  /** A change was announced since the load began: its result may be from before. */
  outdated = false;
}

/** While no feed vouches for an entry, it is used this long after it was read, in milliseconds. */
const UNCOVERED_MS = 500;
/** Loads of one key in a row that come too late; more means it changes all the time, or the database crawls. */
const MAX_LOADS = 5;

/**
 * Keeps what was read from the database for as long as it can be trusted: while the change feed vouches
 * for it, or else for half a second. Either way nothing older than a second is ever used.
 *
 * One load per key is in flight; whoever asks meanwhile shares it. A change that is announced while a
 * load is in flight outdates it: it is read again, and what was read before is neither kept nor given out.
 */
export class FreshCache<K extends string | number, V> implements AnyCache {
  readonly #options: FreshCacheOptions<K, V>;
  readonly #entries: LRUCache<K, Entry<V>>;
  readonly #flights = new Map<K, { flight: Flight; promise: Promise<V> }>();
  /** Lookups answered from memory and not, since the start. */
  hits = 0;
  misses = 0;

  constructor(options: FreshCacheOptions<K, V>) {
    this.#options = options;
    this.#entries = new LRUCache({ max: options.max });
  }

  /** What is known and trusted at `now` (of `performance.now()`); undefined when it must be loaded. */
  peek(key: K, now: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (!this.#options.feed.covers(entry.epoch, now) && now - entry.readAt >= UNCOVERED_MS) return undefined;
    this.hits += 1;
    return entry.value;
  }

  /** The value at once when it is trusted, else a promise of it. Rejects with whatever `load` rejects with. */
  get(key: K, now: number): V | Promise<V> {
    const value = this.peek(key, now);
    return value === undefined ? this.#share(key) : value;
  }

  drop(key: K): void {
    this.#entries.delete(key);
    const present = this.#flights.get(key);
    if (present !== undefined) present.flight.outdated = true;
  }

  clear(): void {
    this.#entries.clear();
    for (const { flight } of this.#flights.values()) flight.outdated = true;
  }

  #share(key: K): Promise<V> {
    this.misses += 1;
    const present = this.#flights.get(key);
    if (present !== undefined) return present.promise;
    const flight = new Flight();
    const promise = this.#load(key, flight).finally(() => this.#flights.delete(key));
    this.#flights.set(key, { flight, promise });
    return promise;
  }

  async #load(key: K, flight: Flight): Promise<V> {
    for (let attempt = 1; ; attempt++) {
      flight.outdated = false;
      const { epoch } = this.#options.feed;
      const readAt = performance.now();
      const value = await this.#options.load(key);
      const now = performance.now();
      const isYoung = now - readAt < UNCOVERED_MS;
      if (!flight.outdated && (isYoung || this.#options.feed.covers(epoch, now))) {
        this.#entries.set(key, { value, epoch, readAt });
        return value;
      }
      if (attempt < MAX_LOADS) continue;
      if (!isYoung) throw new ApiError('unavailable', 'The database answers too slowly; nothing was accepted.');
      return value;
    }
  }
}
