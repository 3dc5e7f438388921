import { ApiError, type ErrorDetail, faultSentence } from '@loguro/types';

/** Gathers everything that is wrong with a query, so that its author hears all of it at once. */
export class Faults {
  readonly #details: ErrorDetail[] = [];

  /** @param path where in the query, e.g. `where[1].op` */
  add(path: string, message: string): void {
    this.#details.push({ path, message });
  }

  /** @throws ApiError `invalid_query` when anything was wrong */
  throwIfAny(): void {
    const details = this.#details;
    if (details.length === 0) return;
    throw new ApiError('invalid_query', faultSentence("The query can't be run", details), { details });
  }
}
