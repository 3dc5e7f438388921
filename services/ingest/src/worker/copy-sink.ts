import type { Tracing } from '@loguro/telemetry';
import { GroupCommit } from '../group-commit.js';
import { DatabaseLane, type LaneOptions } from '../ledger/database-lane.js';
import { DatasetColumns } from '../ledger/dataset-columns.js';
import type { HeldChunk } from '../ledger/held-chunk.js';
import { LockedTables } from '../ledger/locked-tables.js';
import {
  type ChunkTask,
  type StoreObserver,
  type StoreResult,
  storeChunks,
  UnreachableError,
} from '../ledger/store-chunks.js';
import { storeWithinSpan } from './store-span.js';

/** Options of {@link CopySink}. */
export interface CopySinkOptions extends LaneOptions {
  /** This worker's number in the ledger. */
  worker: number;
  /** Connections, so transactions in flight, at once. */
  lanes: number;
  observer: StoreObserver;
  /** Gives transactions a span; null: off. */
  tracing: Tracing | null;
  /** See {@link GroupCommitOptions.minGapMs}. */
  minGapMs: number;
}

/** A transaction takes no more than this, in bytes of lines: a cut connection costs that much work. */
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const MAX_TRANSACTION_CHUNKS = 2000;
/** A second transaction beside the one in flight pays from this size on, in bytes of lines. */
const SECOND_LANE_BYTES = 256 * 1024;
/** Bounds nothing that the number of jobs in hand does not bound already; a guard against mistakes. */
const MAX_WAITING_BYTES = 1024 * 1024 * 1024;

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 5000;

/**
 * Chunks older in our hands than this are given back to the queue, in milliseconds: the ledger remembers
 * only so long, and a process that was frozen for days must not store what another has stored since.
 */
const MAX_HELD_MS = 12 * 60 * 60 * 1000;

const STOPPING = 'The worker is stopping.';
const HELD_TOO_LONG = 'Held for too long.';
/** What no try has confirmed for so long is no longer told, in milliseconds: what failed is tried again sooner. */
const FAILING_MS = 120_000;

interface HeldTask extends ChunkTask {
  takenAt: number;
}

/**
 * Where all jobs in hand meet: their chunks are stored in shared transactions, as large as the load makes
 * them. While PostgreSQL can't be used at all the sink keeps what it holds and tries again, with growing
 * pauses, for as long as it takes; what only some chunks suffer from is reported to their jobs.
 */
export class CopySink {
  readonly #options: CopySinkOptions;
  readonly #columns = new DatasetColumns();
  readonly #locked: LockedTables;
  readonly #freeLanes: DatabaseLane[];
  readonly #lanes: readonly DatabaseLane[];
  readonly #commit: GroupCommit<HeldTask, StoreResult>;
  readonly #stop = new AbortController();
  #outage: string | null = null;
  #failing: { reason: string; at: number } | null = null;
  #settled = 0;

  constructor(options: CopySinkOptions) {
    this.#options = options;
    this.#locked = new LockedTables(options.lockTimeoutMs);
    this.#lanes = Array.from({ length: options.lanes }, () => new DatabaseLane(options));
    this.#freeLanes = [...this.#lanes];
    const { tracing } = options;
    const flush = (tasks: HeldTask[]) => this.#flush(tasks);
    this.#commit = new GroupCommit<HeldTask, StoreResult>({
      flush: tracing === null ? flush : (tasks) => storeWithinSpan(tracing, tasks.map(chunkOf), () => flush(tasks)),
      sizeOf: ({ chunk }) => chunk.lines.length,
      maxGroupBytes: MAX_TRANSACTION_BYTES,
      maxGroupItems: MAX_TRANSACTION_CHUNKS,
      maxWaitingBytes: MAX_WAITING_BYTES,
      maxWaitingItems: Number.POSITIVE_INFINITY,
      lanes: options.lanes,
      laneBytes: SECOND_LANE_BYTES,
      minGapMs: options.minGapMs,
      whenFull: () => new Error('More chunks wait to be stored than fit in memory.'),
    });
  }

  /**
   * Why nothing can be stored: PostgreSQL can't be used, or no chunk of the last transactions could be stored. null when
   * one could.
   */
  get problem(): string | null {
    if (this.#outage !== null) return this.#outage;
    const failing = this.#failing;
    return failing !== null && performance.now() - failing.at < FAILING_MS ? failing.reason : null;
  }

  /** Chunks that settled for good so far: while it grows, this worker makes progress. */
  get settled(): number {
    return this.#settled;
  }

  /** Whether there is anything to be stored. */
  get busy(): boolean {
    return this.#commit.waitingItems > 0 || this.#commit.inFlight > 0;
  }

  /**
   * Stores the chunks of a job.
   *
   * @returns one result per chunk, in order; an `Error` for a chunk to be tried again later
   */
  store(chunks: readonly HeldChunk[], redelivered: boolean): Promise<(StoreResult | Error)[]> {
    const takenAt = Date.now();
    return Promise.all(
      chunks.map((chunk) =>
        this.#commit.add({ chunk, redelivered, uncertain: false, takenAt }).catch((error: Error) => error),
      ),
    );
  }

  /**
   * Gives up: whatever is not stored yet settles as an error, so that its jobs go back to the queue. At once, unless a
   * connection is just being made.
   */
  giveUp(): void {
    this.#stop.abort();
    this.#commit.rejectWaiting(new Error(STOPPING));
    for (const lane of this.#lanes) lane.hangUp();
  }

  async close(): Promise<void> {
    await this.#commit.close();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  async #flush(tasks: HeldTask[]): Promise<(StoreResult | Error)[]> {
    const lane = this.#freeLanes.pop() as DatabaseLane;
    try {
      const results = new Map<string, StoreResult | Error>();
      const first = new Map<string, HeldTask>();
      for (const task of tasks) if (!first.has(task.chunk.id)) first.set(task.chunk.id, task);
      await this.#persist(lane, [...first.values()], results);
      this.#takeNote([...results.values()]);
      return tasks.map((task) => resultOf(task, first, results));
    } finally {
      this.#freeLanes.push(lane);
    }
  }

  /** Stores through any outage of PostgreSQL. */
  async #persist(lane: DatabaseLane, tasks: HeldTask[], results: Map<string, StoreResult | Error>): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      if (this.#stop.signal.aborted) throw new Error(STOPPING);
      // Anew before each try: it is in the middle of one that a machine is put to sleep.
      for (const { chunk, takenAt } of tasks) {
        if (Date.now() - takenAt > MAX_HELD_MS && !results.has(chunk.id))
          results.set(chunk.id, new Error(HELD_TOO_LONG));
      }
      try {
        await storeChunks({ ...this.#options, lane, columns: this.#columns, locked: this.#locked }, tasks, results);
        this.#outage = null;
        return;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        this.#outage = error.message;
        for (const task of tasks) task.uncertain = true;
        await pauseFor(pause * (0.75 + Math.random() / 2), this.#stop.signal);
      }
    }
  }

  /** One chunk that can't be stored says little about this worker; when no chunk can be stored it may be this worker's fault. */
  #takeNote(results: readonly (StoreResult | Error)[]): void {
    const failed = results.filter((result) => result instanceof Error);
    const settled = results.length - failed.length;
    this.#settled += settled;
    const [first] = failed;
    if (settled > 0 || first === undefined) this.#failing = null;
    else this.#failing = { reason: first.message, at: performance.now() };
  }
}

function chunkOf({ chunk }: HeldTask): HeldChunk {
  return chunk;
}

/** A chunk that came twice in one group was stored for the first. */
function resultOf(
  task: HeldTask,
  first: ReadonlyMap<string, HeldTask>,
  results: ReadonlyMap<string, StoreResult | Error>,
): StoreResult | Error {
  const result = results.get(task.chunk.id) ?? new Error('The chunk was not stored.');
  if (result instanceof Error || first.get(task.chunk.id) === task) return result;
  return { outcome: task.redelivered ? 'redelivered' : 'duplicate', records: task.chunk.count, dead: 0 };
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
