import type { ErrorDetail, LoguroError } from '../errors.js';
import type { Call, Connection } from '../http/connection.js';
import { withRetries } from '../http/retry.js';
import { encodeBody, uniqueKey } from './encode.js';
import type { EncodedBatch } from './record-encoder.js';

/** Options of one request. */
export interface SendOptions {
  /**
   * Makes a repeat of the request harmless, for 24 hours. Default: a new one for each call, which covers the client's own
   * retries; give your own to also cover a restart of your program.
   */
  idempotencyKey?: string;
  /** Stored with each record as `__traceId`. */
  requestId?: string;
  /**
   * Hold the answer until the records can be queried, so many whole seconds at the most; `status` then says `stored`.
   * `true` and anything above 10: 10.
   */
  wait?: boolean | number;
  signal?: AbortSignal;
}

/** Records are safely queued: they will be stored exactly once, whatever happens next. */
export interface Accepted {
  /** `stored` only after `wait`: the records can be queried. */
  status: 'queued' | 'stored';
  /** Names them for {@link DatasetIngestClient.receipt}. */
  receipt: string;
  /** Records taken. */
  count: number;
  /** Records left out; only with `partial`. */
  rejected: number;
  /** Why, at most 100. */
  details: readonly ErrorDetail[];
}

/** What became of the records behind a receipt. */
export interface Receipt {
  receipt: string;
  /** `queued`: on their way. `stored`: can be queried. `dead`: the database refused all of them. */
  status: 'queued' | 'stored' | 'dead';
  /** RFC 3339, UTC. */
  storedAt?: string;
  /** Records stored. */
  records?: number;
  /** Records the database refused. They are kept by the server's operator. */
  dead?: number;
  /** Why, one sentence for each kind of reason. */
  reasons?: string[];
}

/** How a request is sent. */
interface Delivery extends SendOptions {
  retryForMs?: number;
  partial?: boolean;
  keepalive?: boolean;
  onRetry?: (error: LoguroError) => void;
}

/** Browsers refuse more in requests that outlive their page, all of them together (64 KiB). */
const KEEPALIVE_BYTES = 60_000;
const MAX_DETAILS = 100;
/** No server waits longer. */
const MAX_WAIT_SECONDS = 10;

/** The ingest surface, for one dataset. */
export class IngestApi {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #compress: boolean;
  readonly #retryForMs: number;

  constructor(connection: Connection, dataset: number | 'default', compress: boolean, retryForMs: number) {
    this.#connection = connection;
    this.#path = dataset === 'default' ? '/datasets' : `/datasets/${dataset}`;
    this.#compress = compress;
    this.#retryForMs = retryForMs;
  }

  async sendOne(json: string, delivery: Delivery): Promise<Accepted> {
    const { status, receipt } = await this.#post<Accepted>('', json, delivery);
    return { status, receipt, count: 1, rejected: 0, details: [] };
  }

  async sendBatch({ lines, places, faults, bad }: EncodedBatch, delivery: Delivery): Promise<Accepted> {
    const answer = await this.#post<Accepted>('/batch', `[${lines.join()}]`, delivery);
    const { status, receipt, count, rejected = 0, details = [] } = answer;
    // The server counted only what it was sent; its places become the caller's.
    const moved = details.map((detail) => ({ ...detail, index: places[detail.index as number] as number }));
    return { status, receipt, count, rejected: rejected + bad, details: [...faults, ...moved].slice(0, MAX_DETAILS) };
  }

  receipt(id: string, delivery: Delivery): Promise<Receipt> {
    return this.#retrying({ method: 'GET', path: `/receipts/${encodeURIComponent(id)}` }, delivery);
  }

  /** Every attempt carries the same key, so that the one whose answer was lost counts once. */
  async #post<Answer>(path: string, json: string, delivery: Delivery): Promise<Answer> {
    const { idempotencyKey = uniqueKey(), requestId, keepalive = false } = delivery;
    // A page that is being left has no time for gzip, which answers later.
    const { body, headers } = await encodeBody(json, this.#compress && !keepalive);
    headers['idempotency-key'] = idempotencyKey;
    if (requestId) headers['x-request-id'] = requestId;
    const outlives = keepalive && body.length < KEEPALIVE_BYTES;
    return this.#retrying({ method: 'POST', path, headers, body, keepalive: outlives }, delivery);
  }

  #retrying<Answer>(call: Call, delivery: Delivery): Promise<Answer> {
    const { partial, wait, signal, retryForMs = this.#retryForMs, onRetry } = delivery;
    const headers = { ...call.headers, ...(wait && { prefer: `wait=${wait === true ? MAX_WAIT_SECONDS : wait}` }) };
    const query = { partial: partial && 'true' };
    const full = { ...call, path: this.#path + call.path, query, headers, signal };
    return withRetries(() => this.#connection.json(full), { retryForMs, signal, onRetry });
  }
}
