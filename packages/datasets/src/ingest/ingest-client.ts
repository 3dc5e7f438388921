/// <reference lib="esnext.disposable" preserve="true" />
import { asLoguroError, type ErrorDetail, LoguroError } from '../errors.js';
import type { DatasetDefinition, Fields, InputRecord } from '../fields.js';
import { Connection, type ConnectionOptions } from '../http/connection.js';
import { delay } from '../http/retry.js';
import { type BufferOptions, type IngestStats, type Loss, RecordBuffer } from './buffer.js';
import { type Accepted, IngestApi, type Receipt, type SendOptions } from './ingest-api.js';
import { RecordEncoder } from './record-encoder.js';

/** Options of {@link DatasetIngestClient}. */
export interface IngestClientOptions<F extends Fields = Fields> extends ConnectionOptions {
  /** Project API key. A `server` key is a secret; only a `browser` key may be in a browser. Undefined is refused at once. */
  projectKey: string | undefined;
  /** The dataset's id, or `default` for the project's default dataset. */
  dataset: number | 'default';
  /** Types the records and checks them before they are sent. Without it only the server does. */
  definition?: DatasetDefinition<F>;
  /** Default `https://ingest.logu.ro`. */
  baseUrl?: string | undefined;
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

/** Between two questions for a receipt. */
const PAUSE_MS = 200;

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
  readonly #closing = new AbortController();
  #keepalive = false;
  #closed: Promise<void> | undefined;

  /** @throws TypeError when an option can't be used */
  constructor(options: IngestClientOptions<F>) {
    const { projectKey, dataset, definition, retryForMs = 30_000, compress = true } = options;
    const connection = new Connection(projectKey, 'projectKey', options, 'https://ingest.logu.ro');
    const buffer = { ...BUFFER_DEFAULTS, ...options.buffer };
    this.#api = new IngestApi(connection, dataset, compress, retryForMs);
    this.#encoder = new RecordEncoder(definition?.fields);
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
    return this.#api.sendOne(this.#encoder.encode(record), options);
  }

  /**
   * Sends records as one request: all or nothing, unless `partial`. At most 10,000 records and 10 MiB; for more, use
   * {@link DatasetIngestClient.write}.
   *
   * @throws LoguroError `invalid_record` before anything is sent, when records do not fit the definition (with `partial`: when
   *   none does)
   */
  async sendBatch(records: readonly InputRecord<F>[], options: SendBatchOptions = {}): Promise<Accepted> {
    return this.#api.sendBatch(this.#encoder.encodeBatch(records, options.partial), options);
  }

  /**
   * What became of the records behind a receipt. Needs the dataset's id, not `default`.
   *
   * @param options `wait`: hold the answer until they are stored, so many seconds at the most
   */
  receipt(id: string, options: Pick<SendOptions, 'signal' | 'wait'> = {}): Promise<Receipt> {
    return this.#api.receipt(id, options);
  }

  /**
   * Waits until the records behind a receipt can be queried.
   *
   * @param options `timeoutMs`: default 60,000
   * @throws LoguroError `records_dead` when the database refused some, `timeout` when they are still queued
   */
  async stored(id: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<Receipt> {
    const { timeoutMs = 60_000, signal } = options;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0) throw new LoguroError('timeout', `Receipt ${id} is still queued after ${timeoutMs} ms`);
      const receipt = await this.receipt(id, { wait: Math.ceil(left / 1000), ...(signal && { signal }) });
      const { status, dead, reasons = [] } = receipt;
      if (dead) throw new LoguroError('records_dead', `${dead} records were refused: ${reasons.join('; ')}`);
      if (status === 'stored') return receipt;
      // A server that stops, or a proxy that drops the wish to wait, answers at once.
      await delay(PAUSE_MS, signal);
    }
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
      this.#buffer.refuse(record, asLoguroError(cause, 'invalid_record'));
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
  #deliver(lines: readonly string[]): Promise<Accepted> {
    const places = lines.map((_, index) => index);
    return this.#api.sendBatch(
      { lines, places, faults: [], bad: 0 },
      {
        partial: true,
        retryForMs: this.#bufferRetryForMs,
        signal: this.#closing.signal,
        keepalive: this.#keepalive,
        onRetry: () => this.#buffer.stats.retries++,
      },
    );
  }
}
