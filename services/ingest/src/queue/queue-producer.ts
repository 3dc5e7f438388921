import type { Tracing } from '@loguro/telemetry';
import type { ApiError, Chunk } from '@loguro/types';
import { GroupCommit } from '../group-commit.js';
import { FairShare } from './fair-share.js';
import { AWAY, FULL, refusalOf } from './flush-failure.js';
import { startFlushSpan } from './flush-span.js';
import type { IngestQueue, Lines } from './ingest-queue.js';
import { type Append, buildJobs, type NewJob } from './job-builder.js';
import { type QueueLimits, QueueMonitor, type Refusal, refusalError } from './queue-monitor.js';
import type { QueuePressure, QueueStore } from './queue-store.js';

/** What the producer tells about itself. */
export interface ProducerObserver {
  /** A flush that the queue took: records in it, how long it took in seconds. */
  flushed(flush: { records: number; seconds: number }): void;
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
/**
 * A second flush that is on its way when the first one is answered spares the queue the wait for it: a tenth more single
 * records a second where each write is synced to disk. Smaller ones than this gather, in characters of lines.
 */
const LANES = 2;
const LANE_BYTES = 4096;
/** More than this many waiting jobs, and the order in which they are taken matters; see {@link FairShare}. */
const CONTENDED_JOBS = 64;

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
      lanes: LANES,
      laneBytes: LANE_BYTES,
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

  async #flush(appends: Append[]): Promise<readonly (string | ApiError)[]> {
    const started = performance.now();
    const { jobs, chunkIds } = buildJobs(appends, this.#fair);
    const span = this.#tracing === null ? null : startFlushSpan(this.#tracing, appends, chunkIds, jobs);
    const failures = await addJobs(this.#store, jobs);
    const taken = failures === null ? jobs : jobs.filter((job) => !failures.has(job));
    if (taken.length > 0) {
      const records = taken.reduce((sum, { data }) => sum + data.chunks.reduce((n, chunk) => n + chunk.count, 0), 0);
      const seconds = (performance.now() - started) / 1000;
      this.#observer.flushed({ records, seconds });
    }
    const outcomes = failures === null ? chunkIds : this.#outcomes(appends, chunkIds, { taken, failures });
    span?.end(outcomes.find((outcome) => typeof outcome !== 'string')?.code);
    return outcomes;
  }

  /** For each append the chunk that the queue has, or why it has none. */
  #outcomes(
    appends: readonly Append[],
    chunkIds: readonly string[],
    { taken, failures }: { taken: readonly NewJob[]; failures: ReadonlyMap<NewJob, unknown> },
  ): (string | ApiError)[] {
    const outcomes = new Map<string, string | ApiError>();
    for (const [job, error] of failures) {
      const ids = new Set(job.data.chunks.map(({ id }) => id));
      const failure = this.#failed(
        error,
        appends.filter((_, index) => ids.has(chunkIds[index] as string)),
      );
      for (const id of ids) outcomes.set(id, failure);
    }
    for (const { data } of taken) for (const { id } of data.chunks) outcomes.set(id, id);
    return chunkIds.map((id) => outcomes.get(id) ?? id);
  }

  /** What the appends of a failed job are told. */
  #failed(error: unknown, appends: readonly Append[]): ApiError {
    const refusal = refusalOf(error);
    this.#refused(refusal, appends);
    if (refusal !== FULL) {
      this.#monitor.reportAway();
      // Those that wait would only run into the same timeout.
      this.#refused(AWAY, this.#commit.rejectWaiting(refusalError(AWAY, error)));
    }
    return refusalError(refusal, error);
  }

  #refused({ code }: Refusal, appends: readonly Append[]): void {
    this.#observer.refused(
      code,
      appends.reduce((sum, append) => sum + recordsOf(append), 0),
    );
  }
}

/**
 * Adds the jobs of a flush.
 *
 * @returns those that could not be added, with the error; null when there are none
 */
async function addJobs({ queue, bulkIsAtomic }: QueueStore, jobs: NewJob[]): Promise<Map<NewJob, unknown> | null> {
  const [job] = jobs;
  try {
    if (jobs.length === 1 && job !== undefined) await queue.add(job.name, job.data, job.opts);
    else if (bulkIsAtomic) await queue.addBulk(jobs);
    else return await addEach(queue, jobs);
    return null;
  } catch (error) {
    return new Map(jobs.map((each) => [each, error]));
  }
}

/** BullMQ's `addBulk` on Redis is a pipeline, and tells of its first failure only. */
async function addEach(queue: QueueStore['queue'], jobs: readonly NewJob[]): Promise<Map<NewJob, unknown> | null> {
  const failures = new Map<NewJob, unknown>();
  await Promise.all(
    jobs.map((job) => queue.add(job.name, job.data, job.opts).catch((error: unknown) => failures.set(job, error))),
  );
  return failures.size === 0 ? null : failures;
}

function linesOf(append: Append): string {
  return 'chunk' in append ? append.chunk.lines : append.lines.lines;
}

function recordsOf(append: Append): number {
  return 'chunk' in append ? append.chunk.count : append.lines.count;
}
