import { type QuotaReport, RateLimiter, rateLimited, rateLimitHeaders } from '@loguro/types/rate-limits';
import type { Reply } from './reply.js';

/** What one project key may send, for this process; 0: as much as it likes. */
export interface KeyLimitOptions {
  requestsPerSecond: number;
  recordsPerSecond: number;
  /** Records of the largest batch: it must fit a whole quota, or it could never be sent. */
  batchRecords: number;
}

/** A quota is this many seconds' worth, so that a burst that any producer has now and then is no offence. */
const WINDOW_SECONDS = 10;

/**
 * Limits what a project key may send, counted in this process alone. Keys are counted by their id once they have
 * proved good: a stranger can't use up anybody's quota. Nothing here waits; each check is O(1).
 */
export class KeyLimits {
  readonly #requests: RateLimiter<number> | null;
  readonly #records: RateLimiter<number> | null;

  constructor({ requestsPerSecond, recordsPerSecond, batchRecords }: KeyLimitOptions) {
    this.#requests = limiter('requests', requestsPerSecond, 1);
    this.#records = limiter('records', recordsPerSecond, batchRecords);
  }

  /** Whether there is nothing to count. */
  get off(): boolean {
    return this.#requests === null && this.#records === null;
  }

  /**
   * Counts a request; to be called before its body is read.
   *
   * @throws ApiError `rate_limited`
   */
  request(key: number, reply: Reply): void {
    if (this.off) return;
    reply.quota = () => rateLimitHeaders(this.#reports(key));
    if (this.#requests === null || this.#requests.take(key)) return;
    throw this.#refusal('Too many requests with this project key.', this.#requests, key, 1);
  }

  /**
   * Counts records that are good and about to be queued: all of them, or none.
   *
   * @throws ApiError `rate_limited`
   */
  records(key: number, count: number): void {
    if (this.#records === null || this.#records.take(key, count)) return;
    throw this.#refusal('Too many records with this project key.', this.#records, key, count);
  }

  /** Where the key stands is on every answer already. */
  #refusal(message: string, limit: RateLimiter<number>, key: number, units: number) {
    return rateLimited(message, limit.retryAfterSeconds(key, units), []);
  }

  #reports(key: number): QuotaReport[] {
    return [this.#requests, this.#records].flatMap((limit) => (limit === null ? [] : [limit.report(key)]));
  }
}

function limiter(name: string, perSecond: number, atOnce: number): RateLimiter<number> | null {
  if (perSecond === 0) return null;
  const windowSeconds = Math.max(WINDOW_SECONDS, Math.ceil(atOnce / perSecond));
  return new RateLimiter<number>({ name, quota: perSecond * windowSeconds, windowSeconds });
}
