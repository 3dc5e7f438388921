import { asLoguroError, LoguroError } from '../errors.js';
import { utf8Length } from './encode.js';
import type { Accepted } from './ingest-api.js';

/** Bounds of the buffered mode. */
export interface BufferOptions {
  /** Records in one batch at the most. Default 1000; the server takes 10,000. */
  maxBatchRecords?: number;
  /** Bytes of JSON in one batch at the most. Default 1 MiB; the server takes 10 MiB. */
  maxBatchBytes?: number;
  /** Milliseconds a record waits for others to share its batch. Default 1000. */
  maxDelayMs?: number;
  /** Batches on their way at the same time. Default 2. */
  maxInFlight?: number;
  /**
   * Bytes of JSON held at the most, until the server has accepted them. Above half of it `write` returns a promise to
   * wait for; above the whole, records are lost (and reported). Default 32 MiB.
   */
  maxPendingBytes?: number;
  /** Milliseconds for which one batch is tried before it is reported lost. Default 300,000 (5 minutes). */
  retryForMs?: number;
}

/** Records that will not arrive. */
export interface Loss {
  /** How many. */
  readonly count: number;
  /** Why: `invalid_record`, `buffer_full`, the server's refusal, or the last failure after all retries. */
  readonly error: LoguroError;
  /** The records; of a batch that was accepted in part only those the server named, at most 100. */
  readonly records: readonly unknown[];
}

/** Where the records written so far are: `written = accepted + lost + pending`, at any time. */
export interface IngestStats {
  written: number;
  /** Durably taken by the server. */
  accepted: number;
  lost: number;
  pending: number;
  /** Bytes of JSON, `pending` records. */
  pendingBytes: number;
  /** Batches that had to be sent again, counted each time. */
  retries: number;
}

/** What a buffer needs from its owner. */
export interface BufferHooks {
  /** Sends lines (JSON records) as one batch, with retries. Rejects when they were finally refused. */
  deliver(lines: readonly string[]): Promise<Accepted>;
  onLoss(loss: Loss): void;
}

/** Bytes that a record adds to the body of its batch. */
const sizeOf = (line: string) => utf8Length(line) + 1;

/** A promise and what resolves it. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Lines that travel together; settled when each of them is accepted or reported lost. */
class Batch {
  readonly lines: string[];
  bytes: number;
  readonly settled = deferred();

  constructor(lines: string[] = []) {
    this.lines = lines;
    this.bytes = lines.reduce((sum, line) => sum + sizeOf(line), 0);
  }
}

/**
 * Groups records into batches and keeps what it holds within bounds.
 *
 * A batch is *open* while records join it, *sealed* when it is full, and *in flight* from then until the server's
 * final word. The open batch leaves when its first record has waited `maxDelayMs` and a place in flight is free: while
 * all are taken it goes on filling, so batches grow by themselves when the server is slow.
 *
 * Every byte counts as pending from `add` until its batch is settled, because a retry needs it.
 */
export class RecordBuffer {
  readonly stats: IngestStats = { written: 0, accepted: 0, lost: 0, pending: 0, pendingBytes: 0, retries: 0 };
  readonly #options: Required<BufferOptions>;
  readonly #hooks: BufferHooks;
  #open = new Batch();
  readonly #sealed: Batch[] = [];
  readonly #unsettled = new Set<Batch>();
  #inFlight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The open batch has waited long enough. */
  #due = false;
  #room: ReturnType<typeof deferred> | undefined;
  /** Lost since the last flush told. */
  #untold: { count: number; first: LoguroError } | undefined;

  constructor(options: Required<BufferOptions>, hooks: BufferHooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Takes one record. Wait for what it returns, if anything, before adding more. */
  add(line: string): Promise<void> | undefined {
    const { maxBatchRecords, maxBatchBytes, maxPendingBytes } = this.#options;
    const { stats } = this;
    const size = sizeOf(line);
    stats.written++;
    if (stats.pendingBytes + size > maxPendingBytes) {
      const message = `${maxPendingBytes} bytes are waiting already: await what write() returns`;
      this.#lose(1, new LoguroError('buffer_full', message), parse([line]));
      return this.#roomIfFull();
    }
    if (this.#open.lines.length > 0 && this.#open.bytes + size > maxBatchBytes) this.#seal();
    this.#open.lines.push(line);
    this.#open.bytes += size;
    stats.pending++;
    stats.pendingBytes += size;
    if (this.#open.lines.length >= maxBatchRecords || this.#open.bytes >= maxBatchBytes) this.#seal();
    else this.#timer ??= setTimeout(() => this.#onTimer(), this.#options.maxDelayMs);
    this.#pump();
    return this.#roomIfFull();
  }

  /** Counts a record that can't be sent, and reports it. */
  refuse(record: unknown, error: LoguroError): void {
    this.stats.written++;
    this.#lose(1, error, [record]);
  }

  /**
   * Sends what is gathered and waits until everything added so far is settled.
   *
   * @throws LoguroError `records_lost` when anything was lost since the last flush
   */
  async flush(): Promise<void> {
    if (this.#open.lines.length > 0) this.#seal();
    this.#pump();
    await Promise.all([...this.#unsettled].map(({ settled }) => settled.promise));
    const untold = this.#untold;
    if (untold === undefined) return;
    this.#untold = undefined;
    const { count, first } = untold;
    throw new LoguroError('records_lost', `Records not accepted: ${count}. ${first.message}`, { cause: first });
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#due = true;
    this.#pump();
  }

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = false;
    this.#sealed.push(this.#open);
    this.#unsettled.add(this.#open);
    this.#open = new Batch();
  }

  #pump(): void {
    while (this.#inFlight < this.#options.maxInFlight) {
      if (this.#sealed.length === 0 && this.#due && this.#open.lines.length > 0) this.#seal();
      const batch = this.#sealed.shift();
      if (batch === undefined) return;
      this.#inFlight++;
      void this.#deliver(batch).then(() => this.#onDelivered(batch));
    }
  }

  /** Ends when each record of the batch is accepted, lost, or in a smaller batch that is sealed. */
  async #deliver(batch: Batch): Promise<void> {
    const { lines } = batch;
    try {
      const { count, rejected, details } = await this.#hooks.deliver(lines);
      this.stats.accepted += count;
      this.stats.pending -= count + rejected;
      if (rejected > 0) {
        const message = `The server refused ${rejected} of ${lines.length} records`;
        const named = lines.filter((_, place) => details.some(({ index }) => index === place));
        this.#lose(rejected, new LoguroError('invalid_record', message, { details }), parse(named));
      }
    } catch (cause) {
      const error = asLoguroError(cause, 'network_error');
      if (error.code === 'payload_too_large' && lines.length > 1) return this.#split(batch);
      this.stats.pending -= lines.length;
      this.#lose(lines.length, error, parse(lines));
    }
    batch.settled.resolve();
  }

  /** The server's limit is lower than ours. It took nothing, so each half may go as a request of its own. */
  #split(batch: Batch): void {
    const middle = Math.ceil(batch.lines.length / 2);
    const halves = [batch.lines.slice(0, middle), batch.lines.slice(middle)].map((lines) => new Batch(lines));
    this.#sealed.unshift(...halves);
    for (const half of halves) {
      this.#unsettled.add(half);
      this.stats.pendingBytes += half.bytes;
    }
    void Promise.all(halves.map(({ settled }) => settled.promise)).then(batch.settled.resolve);
  }

  #onDelivered(batch: Batch): void {
    this.#inFlight--;
    this.stats.pendingBytes -= batch.bytes;
    this.#unsettled.delete(batch);
    if (!this.#isFull()) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    this.#pump();
  }

  #lose(count: number, error: LoguroError, records: readonly unknown[]): void {
    this.stats.lost += count;
    this.#untold ??= { count: 0, first: error };
    this.#untold.count += count;
    // On its own, so that a fault of the callback's is the process's to see and no batch's.
    void Promise.resolve().then(() => this.#hooks.onLoss({ count, error, records }));
  }

  #roomIfFull(): Promise<void> | undefined {
    if (!this.#isFull()) return undefined;
    // Somebody waits: no reason to wait for more records.
    this.#due = true;
    this.#pump();
    this.#room ??= deferred();
    return this.#room.promise;
  }

  #isFull(): boolean {
    return this.stats.pendingBytes > this.#options.maxPendingBytes / 2;
  }
}

function parse(lines: readonly string[]): unknown[] {
  return lines.map((line) => JSON.parse(line) as unknown);
}
