import { ApiError } from '@loguro/types';

/** Bounds the bytes of all request bodies that are held at once. */
export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;

  /** @param maxBytes after decompression, over all requests */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes held right now. */
  get held(): number {
    return this.#held;
  }

  /** A share of the budget for one request. */
  open(): BodyShare {
    return new BodyShare(this);
  }

  /** For {@link BodyShare}. */
  add(bytes: number): boolean {
    if (this.#held + bytes > this.#maxBytes) return false;
    this.#held += bytes;
    return true;
  }

  /** For {@link BodyShare}. */
  subtract(bytes: number): void {
    this.#held -= bytes;
  }
}

/** What one request holds of a {@link BodyBudget}. */
export class BodyShare {
  readonly #budget: BodyBudget;
  #bytes = 0;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /** @throws ApiError `overloaded` when all bodies together would be too much */
  take(bytes: number): void {
    if (!this.#budget.add(bytes)) {
      throw new ApiError('overloaded', 'Too many bytes of requests are in work; nothing was accepted.');
    }
    this.#bytes += bytes;
  }

  /** Gives everything back; to be called once nothing of the body is held any more. */
  release(): void {
    this.#budget.subtract(this.#bytes);
    this.#bytes = 0;
  }
}
