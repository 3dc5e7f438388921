import type { Connection } from '../http/connection.js';
import { withRetries } from '../http/retry.js';
import { readLines } from './ndjson.js';
import { withTypedErrors } from './typed-stream.js';
import type { Query, QueryExplanation, QueryResult, TailRequest, TailResult } from './wire.js';

/** Options of everything that asks the server. */
export interface RunOptions {
  signal?: AbortSignal;
  /** Milliseconds, instead of the client's. */
  timeoutMs?: number;
}

/** Rows a page holds at the most; the server's own limit. */
const MAX_PAGE_SIZE = 1000;

/** Sends queries to one dataset. */
export class QueryRunner {
  readonly #connection: Connection;
  readonly #path: string;
  /** Milliseconds within which what failed is tried again. */
  readonly retryForMs: number;

  /** @param path of the dataset */
  constructor(connection: Connection, path: string, retryForMs: number) {
    this.#connection = connection;
    this.#path = path;
    this.retryForMs = retryForMs;
  }

  /** Asks one page. Asking changes nothing, so what may succeed later is asked again. */
  run<Row>(query: Query, options: RunOptions = {}): Promise<QueryResult<Row>> {
    return this.#ask(query, options);
  }

  /** The SQL and the planner's estimate instead of an answer. */
  explain(query: Query, options: RunOptions = {}): Promise<QueryExplanation> {
    return this.#ask({ ...query, explain: true }, options);
  }

  /** All rows, as the database produces them. A fault in the middle is thrown by the iteration. */
  async *stream<Row>(query: Query, options: RunOptions = {}): AsyncGenerator<Row, void, undefined> {
    const body = await this.open(query, 'application/x-ndjson', options);
    for await (const line of readLines(body)) yield JSON.parse(line) as Row;
  }

  /** The bytes of an answer in another format. */
  async open(query: Query, accept: string, options: RunOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.#retrying(options, () =>
      this.#connection.open({ ...this.#call(query, options), headers: { accept, 'content-type': 'application/json' } }),
    );
    return withTypedErrors(answer.body ?? new Blob([]).stream(), options.signal);
  }

  /** Asks for what arrived, and tries once. */
  tailOnce<Row>(request: TailRequest, options: RunOptions = {}): Promise<TailResult<Row>> {
    return this.#connection.json(this.#call(request, options, 'tail'));
  }

  #ask<Answer>(query: Query, options: RunOptions): Promise<Answer> {
    return this.#retrying(options, () => this.#connection.json<Answer>(this.#call(query, options)));
  }

  #retrying<T>(options: RunOptions, attempt: () => Promise<T>): Promise<T> {
    return withRetries(attempt, { retryForMs: this.retryForMs, signal: options.signal });
  }

  #call(body: Query | TailRequest, { signal, timeoutMs }: RunOptions, operation = 'query') {
    return {
      method: 'POST' as const,
      path: `${this.#path}/${operation}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
  }
}

/**
 * One page after the other until the answer ends or `query.limit` rows were seen. The cursor keeps the range of the first
 * page, so that "until now" means the same on all of them.
 */
export async function* allPages<Row>(
  runner: QueryRunner,
  query: Query,
  options: RunOptions & { pageSize?: number },
): AsyncGenerator<QueryResult<Row>, void, undefined> {
  const pageSize = Math.min(options.pageSize ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE);
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  let next: Query = query;
  while (left > 0) {
    const page = await runner.run<Row>({ ...next, limit: Math.min(left, pageSize) }, options);
    yield page;
    left -= page.rowCount;
    if (page.nextCursor === undefined) return;
    next = { ...query, cursor: page.nextCursor };
  }
}
