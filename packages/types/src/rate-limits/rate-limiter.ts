import { TokenBucket } from 'limiter';
import { LRUCache } from 'lru-cache';

/** How much somebody may do in how long. */
export interface RatePolicy {
  /** Names the policy in the `RateLimit` headers: a word without quotes or backslashes. */
  name: string;
  /** Units (requests, records) that may be used at once; as many come back in a window, evenly spread. */
  quota: number;
  windowSeconds: number;
}

/** Where somebody stands with a policy. */
export interface QuotaReport {
  policy: RatePolicy;
  /** Whole units left right now. */
  remaining: number;
  /** Until the quota is whole again, in seconds. */
  resetSeconds: number;
}

/** Keys that a limiter remembers; about 300 bytes each. */
const REMEMBERED_KEYS = 50_000;

/**
 * Token buckets by key, in this process's memory. Past {@link REMEMBERED_KEYS} keys the one unused for longest is
 * forgotten, which gives it a whole quota again: memory stays bounded however many keys a stranger makes up.
 * Every call is O(1), and none waits.
 */
export class RateLimiter<K extends string | number = string> {
  readonly policy: RatePolicy;
  readonly #buckets: LRUCache<K, TokenBucket>;

  constructor(policy: RatePolicy, rememberedKeys: number = REMEMBERED_KEYS) {
    this.policy = policy;
    this.#buckets = new LRUCache({ max: rememberedKeys });
  }

  /** Keys remembered at the moment. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Uses units of a key's quota; false, using none, when fewer are left. */
  take(key: K, units = 1): boolean {
    return this.#bucketOf(key).tryRemoveTokens(units);
  }

  /** Whether a key has a unit left. Uses none, and does not make the key known. */
  hasLeft(key: K): boolean {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return true;
    bucket.drip();
    return bucket.content >= 1;
  }

  report(key: K): QuotaReport {
    const bucket = this.#bucketOf(key);
    bucket.drip();
    const { quota, windowSeconds } = this.policy;
    const resetSeconds = Math.ceil(((quota - bucket.content) * windowSeconds) / quota);
    return { policy: this.policy, remaining: Math.floor(bucket.content), resetSeconds };
  }

  /** Whole seconds, at least one, until so many units will be left; at most {@link RatePolicy.quota} of them. */
  retryAfterSeconds(key: K, units = 1): number {
    const wait = this.#bucketOf(key).getWaitTime(Math.min(units, this.policy.quota));
    return Math.max(1, Math.ceil(wait / 1000));
  }

  #bucketOf(key: K): TokenBucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const { quota, windowSeconds } = this.policy;
    const fresh = new TokenBucket({ bucketSize: quota, tokensPerInterval: quota, interval: windowSeconds * 1000 });
    fresh.content = quota;
    this.#buckets.set(key, fresh);
    return fresh;
  }
}
