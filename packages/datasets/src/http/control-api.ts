import type { Call, Connection } from './connection.js';
import { withRetries } from './retry.js';

/** Options of every call to the control plane. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Options of a change. */
export interface ChangeOptions extends CallOptions {
  /** A second run does no harm, so that a lost answer may be asked for again. */
  repeatable?: boolean;
}

/** The control plane as JSON in and JSON out, with retries where they are safe. */
export class ControlApi {
  readonly #connection: Connection;
  readonly #retryForMs: number;

  constructor(connection: Connection, retryForMs: number) {
    this.#connection = connection;
    this.#retryForMs = retryForMs;
  }

  read<Answer>(path: string, options: CallOptions = {}, query: Call['query'] = {}): Promise<Answer> {
    return this.#retrying({ method: 'GET', path, query, signal: options.signal }, true);
  }

  change<Answer>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    options: ChangeOptions = {},
  ): Promise<Answer> {
    const call: Call = { method, path, signal: options.signal };
    if (body !== undefined)
      Object.assign(call, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    return this.#retrying(call, options.repeatable ?? false);
  }

  /** What is not repeatable is sent again only after an answer that says nothing was done. */
  #retrying<Answer>(call: Call, repeatable: boolean): Promise<Answer> {
    return withRetries(() => this.#connection.json<Answer>(call), {
      retryForMs: this.#retryForMs,
      signal: call.signal,
      when: (error) => (repeatable ? error.retryable : error.status === 429 || error.status === 503),
    });
  }
}
