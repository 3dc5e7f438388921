import { type ErrorDetail, LoguroError } from '../errors.js';
import type { DatasetDefinition, Fields, InputRecord } from '../fields.js';
import { Connection, type ConnectionOptions } from '../http/connection.js';
import { type BufferOptions, type Delivered, type IngestStats, type Loss, RecordBuffer } from './buffer.js';
import { type Accepted, type Checked, IngestApi, type SendOptions } from './ingest-api.js';
import { RecordEncoder } from './record-encoder.js';

/** Options of {@link DatasetIngestClient}. */
export interface IngestClientOptions<F extends Fields = Fields> extends ConnectionOptions {
  /** Project API key. A `server` key is a secret; only a `browser` key may be in a browser. */
  projectKey: string;
  /** The dataset's id, or `default` for the project's default dataset. */
  dataset: number | 'default';
  /** Types the records and checks them before they are sent. Without it only the server does. */
  definition?: DatasetDefinition<F>;
  /** Default `https://ingest.logu.ro`. */
  baseUrl?: string;
  /** Milliseconds within which `send` and `sendBatch` may be repeated. Default 30,000; 0: never. */
  retryForMs?: number;
  /** Gzip bodies from 1 KiB on, where the platform can. Default true. */
  compress?: boolean;
  /** Bounds of `write`. */
  buffer?: BufferOptions;
  /**
   * Called for records of `write` that will not arrive. Default: `console.error`. Whatever it does, `flush` and `close`
   * also fail.
   */
  onLoss?: (loss: Loss) => void;
}

/** Options of `sendBatch`. */
export interface SendBatchOptions extends SendOptions {
  /** Take the good records of a batch although others are bad. Default false: all or nothing. */
  partial?: boolean;
}

const BUFFER_DEFAULTS: Required<BufferOptions> = {
  maxBatchRecords: 1000,
  maxBatchBytes: 1024 * 1024,
  maxDelayMs: 1000,
  maxInFlight: 2,
  maxPendingBytes: 32 * 1024 * 1024,
  retryForMs: 300_000,
};

/**
 * Sends records to one dataset.
 *
 * `send` and `sendBatch` resolve when the server has durably taken the records. `write` gathers records into batches and
 * sends them in the background: `flush` or `close` before the program ends.
 *
 * @example
 * const ingest = new DatasetIngestClient({ projectKey, dataset: 13, definition: orders });
 * await ingest.send({ country: 'RO', amount: 42.5 });
 */
export class DatasetIngestClient<F extends Fields = Fields> implements AsyncDisposable {
  readonly #api: IngestApi;
  readonly #encoder: RecordEncoder;
  readonly #buffer: RecordBuffer;
  readonly #bufferRetryForMs: number;
  readonly #retryForMs: number;
  readonly #closing = new AbortController();
  #keepalive = false;
  #closed: Promise<void> | undefined;

  /** @throws TypeError when an option can't be used */
  constructor(options: IngestClientOptions<F>) {
    const { projectKey, dataset, definition, retryForMs = 30_000, compress = true } = options;
    const connection = new Connection(projectKey, 'projectKey', options, 'https://ingest.logu.ro');
    const buffer = { ...BUFFER_DEFAULTS, ...options.buffer };
    this.#api = new IngestApi(connection, dataset, compress);
    this.#encoder = new RecordEncoder(definition?.fields);
    this.#retryForMs = retryForMs;
    this.#bufferRetryForMs = buffer.retryForMs;
    this.#buffer = new RecordBuffer(buffer, {
      deliver: (lines) => this.#deliver(lines),
      onLoss:
        options.onLoss ??
        (({ count, error }) => console.error(`${count} records for dataset ${dataset} were lost:`, error)),
    });
  }

  /**
   * Sends one record and resolves when it is safely queued.
   *
   * @throws LoguroError `invalid_record` before anything is sent, when it does not fit the definition
   */
  async send(record: InputRecord<F>, options: SendOptions = {}): Promise<Accepted> {
    return this.#api.sendOne(this.#encoder.encode(record), { retryForMs: this.#retryForMs, ...options });
  }

  /**
   * Sends records as one request: all or nothing, unless `partial`. At most 10,000 records and 10 MiB; for more, use
   * {@link DatasetIngestClient.write}.
   *
   * @throws LoguroError `invalid_record` before anything is sent, when records do not fit the definition (with `partial`: when
   *   none does)
   */
  async sendBatch(records: readonly InputRecord<F>[], options: SendBatchOptions = {}): Promise<Accepted> {
    const { partial = false, ...send } = options;
    const batch = this.#encoder.encodeBatch(records, partial);
    return this.#api.sendBatch(batch, { retryForMs: this.#retryForMs, partial, ...send });
  }

  /** Lets the server check records without queueing any. */
  async check(records: readonly InputRecord<F>[], options: Pick<SendOptions, 'signal'> = {}): Promise<Checked> {
    return this.#api.check(this.#encoder.encodeBatch(records, true), { retryForMs: this.#retryForMs, ...options });
  }

  /** Everything that is wrong with a record, without asking the server; an empty list when nothing is. */
  validate(record: unknown): ErrorDetail[] {
    return this.#encoder.validate(record);
  }

  /**
   * Gathers a record into a batch that is sent in the background. Never throws and never rejects: what can't be sent
   * is reported to `onLoss`, and by `flush` and `close`.
   *
   * @returns a promise when so much is waiting that the caller should, too: always `await` it in a loop
   */
  write(record: InputRecord<F>): Promise<void> | undefined {
    try {
      if (this.#closed !== undefined) throw new LoguroError('client_closed', 'write() was called after close()');
      return this.#buffer.add(this.#encoder.encode(record));
    } catch (cause) {
      const error = cause instanceof LoguroError ? cause : new LoguroError('invalid_record', String(cause), { cause });
      this.#buffer.refuse(record, error);
      return undefined;
    }
  }

  /**
   * Sends what is gathered and waits until the server has taken everything written so far.
   *
   * @param options `keepalive`: the page is being left, so the requests must outlive it
   * @throws LoguroError `records_lost` when records written since the last flush were not accepted
   */
  async flush(options: { keepalive?: boolean } = {}): Promise<void> {
    if (options.keepalive) this.#keepalive = true;
    await this.#buffer.flush();
  }

  /**
   * Flushes, and takes no more records. Safe to call twice.
   *
   * @param options `timeoutMs`: what is not accepted by then is reported lost. Default: no limit but that of the retries
   * @throws LoguroError `records_lost`, as {@link DatasetIngestClient.flush}
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(options.timeoutMs);
    return this.#closed;
  }

  /** `await using ingest = new DatasetIngestClient(…)` closes at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Where the records of `write` are; `written = accepted + lost + pending`. */
  get stats(): Readonly<IngestStats> {
    return { ...this.#buffer.stats };
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#closing.abort(), timeoutMs);
    try {
      await this.#buffer.flush();
    } finally {
      clearTimeout(timer);
    }
  }

  /** One batch of `write`. Its good records go through although others are refused. */
  async #deliver(lines: readonly string[]): Promise<Delivered> {
    const places = lines.map((_, index) => index);
    const { count, rejected, details } = await this.#api.sendBatch(
      { lines, places, faults: [], bad: 0 },
      {
        partial: true,
        retryForMs: this.#bufferRetryForMs,
        signal: this.#closing.signal,
        keepalive: this.#keepalive,
        onRetry: () => this.#buffer.stats.retries++,
      },
    );
    if (rejected === 0) return { accepted: count, rejected, rejectedLines: [] };
    const named = new Set(details.map(({ index }) => index));
    const message = `The server refused ${rejected} of ${lines.length} records`;
    return {
      accepted: count,
      rejected,
      rejectedLines: lines.filter((_, index) => named.has(index)),
      reason: new LoguroError('invalid_record', message, { details }),
    };
  }
}
