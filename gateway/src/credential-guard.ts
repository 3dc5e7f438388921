import { hash } from 'node:crypto';
import type { ApiError } from '@loguro/types';
import { RateLimiter, rateLimited } from '@loguro/types/rate-limits';
import { LRUCache } from 'lru-cache';

/** Credentials that proved good and are remembered, by their hash. */
const REMEMBERED_CREDENTIALS = 20_000;
const WINDOW_SECONDS = 60;

/** What a connection remembers for the guard, so that a busy client's credential isn't hashed for each request. */
export interface GuardMemo {
  provenCredential: string | undefined;
}

/**
 * Slows down whoever tries credentials. Each 401 that a service answers uses up a bit of what its client's address
 * is allowed to get wrong; past it only credentials get through that proved good here before, so that a
 * neighbour behind the same address can't lock others out. All it keeps is bounded.
 */
export class CredentialGuard {
  readonly #failures: RateLimiter;
  readonly #proven = new LRUCache<string, true>({ max: REMEMBERED_CREDENTIALS });

  /** @param failuresPerMinute 401 answers for one address */
  constructor(failuresPerMinute: number) {
    this.#failures = new RateLimiter({ name: 'failures', quota: failuresPerMinute, windowSeconds: WINDOW_SECONDS });
  }

  /**
   * The refusal for a request that may not even be tried; undefined lets it pass.
   *
   * @param address as `addressKey` has it
   * @param credential the value of `Authorization`
   */
  check(address: string, credential: string | undefined, memo: GuardMemo): ApiError | undefined {
    if (credential !== undefined && credential === memo.provenCredential) return undefined;
    if (this.#failures.hasLeft(address)) return undefined;
    if (credential !== undefined && this.#proven.has(idOf(credential))) return undefined;
    return rateLimited(
      'Too many wrong credentials came from this address.',
      this.#failures.retryAfterSeconds(address),
      [this.#failures.report(address)],
    );
  }

  /** The service answered 401. */
  failed(address: string, credential: string | undefined, memo: GuardMemo): void {
    this.#failures.take(address);
    if (credential === undefined) return;
    memo.provenCredential = undefined;
    this.#proven.delete(idOf(credential));
  }

  /** The service found the credential good. */
  proved(credential: string, memo: GuardMemo): void {
    if (credential === memo.provenCredential) return;
    memo.provenCredential = credential;
    this.#proven.set(idOf(credential), true);
  }
}

/** Credentials are not kept as they are for longer than their connection lasts. */
function idOf(credential: string): string {
  return hash('sha256', credential, 'base64');
}
