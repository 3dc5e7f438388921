import { ApiError, type ErrorDetail } from '@loguro/types';

/** Gathers everything that is wrong with a query, so that its author hears all of it at once. */
export class Faults {
  readonly #details: ErrorDetail[] = [];

  /** @param path where in the query, e.g. `where[1].op` */
  add(path: string, message: string): void {
    this.#details.push({ path, message });
  }

  /** @throws ApiError `invalid_query` when anything was wrong */
  throwIfAny(): void {
    const [first] = this.#details;
    if (first === undefined) return;
    const more = this.#details.length - 1;
    const rest = more === 0 ? '' : ` (and ${more} more: see "details")`;
    throw new ApiError('invalid_query', `The query can't be run: ${first.path} ${first.message}${rest}.`, {
      details: this.#details,
    });
  }
}
