import type { Tracing } from '@loguro/telemetry';
import type { ApiError, Chunk } from '@loguro/types';
import { GroupCommit } from '../group-commit.js';
import { FairShare } from './fair-share.js';
import { startFlushSpan } from './flush-span.js';
import type { IngestQueue, Lines } from './ingest-queue.js';
import { type Append, buildJobs } from './job-builder.js';
import { type QueueLimits, QueueMonitor, type Refusal, refusalError } from './queue-monitor.js';
import type { QueuePressure, QueueStore } from './queue-store.js';

/** What the producer tells about itself. */
export interface ProducerObserver {
  /** A flush that the queue took: appends and records in it, its jobs, how long it took in seconds. */
  flushed(flush: { appends: number; records: number; jobs: number; seconds: number }): void;
  refused(code: Refusal['code'], records: number): void;
  looked(pressure: QueuePressure): void;
}

/** Options of {@link QueueProducer}. */
export interface ProducerOptions extends QueueLimits {
  store: QueueStore;
  observer: ProducerObserver;
  /** See {@link GroupCommitOptions.minGapMs}. */
  minGapMs: number;
  /** Lines that may wait in this process for a flush to return, in bytes. */
  maxGatheredBytes: number;
  /** null: off. */
  tracing: Tracing | null;
}

/** A flush ends before it grows past this, in characters of lines; a larger append still goes out, alone. */
const MAX_FLUSH_BYTES = 4 * 1024 * 1024;
const MAX_FLUSH_APPENDS = 10_000;
const MAX_GATHERED_APPENDS = 50_000;
/** What a flush costs is worth it for so many appends, in the middle of the gap or not. */
const GAP_APPENDS = 16;
/** More than this many waiting jobs, and the order in which they are taken matters; see {@link FairShare}. */
const CONTENDED_JOBS = 64;

const FULL: Refusal = {
  code: 'overloaded',
  sentence: 'More records wait for the queue than fit; nothing was accepted.',
};
const AWAY: Refusal = { code: 'unavailable', sentence: 'The queue did not answer in time; nothing was accepted.' };

/** The producing side of the queue over either storage backend. */
export class QueueProducer implements IngestQueue {
  readonly #store: QueueStore;
  readonly #observer: ProducerObserver;
  readonly #tracing: Tracing | null;
  readonly #fair = new FairShare();
  readonly #monitor: QueueMonitor;
  readonly #commit: GroupCommit<Append, string>;

  constructor(options: ProducerOptions) {
    this.#store = options.store;
    this.#observer = options.observer;
    this.#tracing = options.tracing;
    this.#monitor = new QueueMonitor(options.store, options, (pressure) => {
      this.#fair.observe(pressure.waitingJobs > CONTENDED_JOBS, pressure.front);
      this.#observer.looked(pressure);
    });
    this.#commit = new GroupCommit<Append, string>({
      flush: (appends) => this.#flush(appends),
      sizeOf: (append) => linesOf(append).length,
      maxGroupBytes: MAX_FLUSH_BYTES,
      maxGroupItems: MAX_FLUSH_APPENDS,
      maxWaitingBytes: options.maxGatheredBytes,
      maxWaitingItems: MAX_GATHERED_APPENDS,
      minGapMs: options.minGapMs,
      gapItems: GAP_APPENDS,
      whenFull: () => refusalError(FULL),
    });
  }

  /** Takes the first look at the queue; from then on appends know its state. */
  start(): Promise<void> {
    return this.#monitor.start();
  }

  /** Whether enough waits for chunks to be shared out among datasets. */
  get contended(): boolean {
    return this.#fair.contended;
  }

  /** Why appends are refused right now; null while they are taken. */
  get refusal(): Refusal | null {
    return this.#monitor.refusal;
  }

  append(lines: Lines): Promise<string> {
    return this.#add({ lines, at: Date.now() }, lines.count);
  }

  async appendChunk(chunk: Chunk, trace?: string): Promise<void> {
    await this.#add({ chunk, trace }, chunk.count);
  }

  async close(): Promise<void> {
    await this.#commit.close();
    await this.#monitor.stop();
    await this.#store.close();
  }

  #add(append: Append, records: number): Promise<string> {
    const refusal = this.#monitor.refusal ?? (this.#commit.hasRoomFor(append) ? null : FULL);
    if (refusal !== null) {
      this.#observer.refused(refusal.code, records);
      return Promise.reject(refusalError(refusal));
    }
    return this.#commit.add(append);
  }

  async #flush(appends: Append[]): Promise<string[]> {
    const started = performance.now();
    const { jobs, chunkIds } = buildJobs(appends, this.#fair);
    const span = this.#tracing === null ? null : startFlushSpan(this.#tracing, appends, chunkIds, jobs);
    try {
      const [job] = jobs;
      if (jobs.length === 1 && job !== undefined) await this.#store.queue.add(job.name, job.data, job.opts);
      else await this.#store.queue.addBulk(jobs);
    } catch (error) {
      const failure = this.#failed(error, appends);
      span?.end(failure.code);
      throw failure;
    }
    span?.end();
    const records = jobs.reduce((sum, { data }) => sum + data.chunks.reduce((n, chunk) => n + chunk.count, 0), 0);
    const seconds = (performance.now() - started) / 1000;
    this.#observer.flushed({ appends: appends.length, records, jobs: jobs.length, seconds });
    return chunkIds;
  }

  /**
   * What the appends of a failed flush are told. The flush may have arrived all the same: then its chunks
   * are stored whole, which no one was promised.
   */
  #failed(error: unknown, appends: readonly Append[]): ApiError {
    // Redis's word for "past maxmemory".
    const full = error instanceof Error && error.message.startsWith('OOM');
    const refusal = full ? FULL : AWAY;
    const thrown = refusalError(refusal, error);
    const lost = [...appends];
    if (!full) {
      this.#monitor.reportAway();
      // Those that wait would only run into the same timeout.
      lost.push(...this.#commit.rejectWaiting(thrown));
    }
    this.#observer.refused(
      refusal.code,
      lost.reduce((sum, append) => sum + recordsOf(append), 0),
    );
    return thrown;
  }
}

function linesOf(append: Append): string {
  return 'chunk' in append ? append.chunk.lines : append.lines.lines;
}

function recordsOf(append: Append): number {
  return 'chunk' in append ? append.chunk.count : append.lines.count;
}
