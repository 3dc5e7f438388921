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
  signal?: AbortSignal;
}

/** Records are safely queued: they will be stored exactly once, whatever happens next. */
export interface Accepted {
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

/** Records were checked, and nothing was queued. */
export interface Checked {
  valid: number;
  invalid: number;
  /** At most 100. */
  details: readonly ErrorDetail[];
}

/** How a request is sent. */
interface Delivery extends SendOptions {
  retryForMs: number;
  partial?: boolean;
  keepalive?: boolean;
  onRetry?: (error: LoguroError) => void;
}

/** The body of a 202. */
interface Queued {
  status: 'queued' | 'stored';
  receipt: string;
  count?: number;
  rejected?: number;
  details?: ErrorDetail[];
}

/** Browsers refuse more in requests that outlive their page, all of them together (64 KiB). */
const KEEPALIVE_BYTES = 60_000;
const MAX_DETAILS = 100;

/** The ingest surface, for one dataset. */
export class IngestApi {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #compress: boolean;

  constructor(connection: Connection, dataset: number | 'default', compress: boolean) {
    this.#connection = connection;
    this.#path = dataset === 'default' ? '/datasets' : `/datasets/${encodeURIComponent(dataset)}`;
    this.#compress = compress;
  }

  async sendOne(json: string, delivery: Delivery): Promise<Accepted> {
    return toAccepted(await this.#post<Queued>(this.#path, json, {}, delivery), 1);
  }

  async sendBatch({ lines, places, faults, bad }: EncodedBatch, delivery: Delivery): Promise<Accepted> {
    const query = { partial: delivery.partial ? 'true' : undefined };
    const queued = await this.#post<Queued>(`${this.#path}/batch`, `[${lines.join(',')}]`, query, delivery);
    const { rejected, details, ...accepted } = toAccepted(queued, lines.length);
    return { ...accepted, rejected: rejected + bad, details: merge(faults, details, places) };
  }

  async check({ lines, places, faults, bad }: EncodedBatch, delivery: Delivery): Promise<Checked> {
    const query = { dry_run: 'true' };
    const checked = await this.#post<Checked>(`${this.#path}/batch`, `[${lines.join(',')}]`, query, delivery);
    return {
      valid: checked.valid,
      invalid: checked.invalid + bad,
      details: merge(faults, checked.details, places),
    };
  }

  /** Every attempt carries the same key, so that the one whose answer was lost counts once. */
  async #post<Answer>(path: string, json: string, query: Call['query'], delivery: Delivery): Promise<Answer> {
    const { idempotencyKey = uniqueKey(), requestId, signal, keepalive = false, retryForMs, onRetry } = delivery;
    // A page that is being left has no time for gzip, which answers later.
    const { body, headers } = await encodeBody(json, this.#compress && !keepalive);
    const call: Call = {
      method: 'POST',
      path,
      query: query ?? {},
      headers: { ...headers, 'idempotency-key': idempotencyKey, 'x-request-id': requestId },
      body,
      signal,
      keepalive: keepalive && body.length < KEEPALIVE_BYTES,
    };
    return withRetries(() => this.#connection.json<Answer>(call), { retryForMs, signal, onRetry });
  }
}

function toAccepted({ status, receipt, count, rejected, details }: Queued, sent: number): Accepted {
  return { status, receipt, count: count ?? sent, rejected: rejected ?? 0, details: details ?? [] };
}

/** Faults found here and there as one list, by the caller's count. */
function merge(here: readonly ErrorDetail[], there: readonly ErrorDetail[], places: readonly number[]): ErrorDetail[] {
  const moved = there.map((detail) => ({ ...detail, index: places[detail.index ?? 0] ?? 0 }));
  return [...here, ...moved].sort((a, b) => (a.index ?? 0) - (b.index ?? 0)).slice(0, MAX_DETAILS);
}
