import { classifyFailure, LOCK_NOT_AVAILABLE, sqlstateOf, UNIQUE_VIOLATION } from './classify-failure.js';
import type { RefusedLine } from './copy-good-lines.js';
import type { StepFailure } from './copy-transaction.js';
import type { DatabaseLane } from './database-lane.js';
import type { DatasetColumns } from './dataset-columns.js';
import type { HeldChunk } from './held-chunk.js';
import { isolateRecords } from './isolate-records.js';
import { copyStep, type LedgerRow, ledgerInsert, SELECT_COMMITTED, SELECT_DATASETS } from './ledger-sql.js';
import type { LockedTables } from './locked-tables.js';

/** A chunk to be stored. */
export interface ChunkTask {
  chunk: HeldChunk;
  /** An earlier attempt at its job may have stored it, here or elsewhere: finding it stored is no surprise. */
  redelivered: boolean;
  /** An earlier try of ours ended without an answer: finding it stored by us means that try succeeded. */
  uncertain: boolean;
}

/**
 * What became of a chunk.
 *
 * - `stored`: by this call; `dead` of its records went to the dead letters;
 * - `duplicate`: it was stored before, for another job;
 * - `redelivered`: it was stored before, for this same job, whose end the queue never heard of;
 * - `discarded`: its dataset is deleted.
 */
export interface StoreResult {
  outcome: 'stored' | 'duplicate' | 'redelivered' | 'discarded';
  records: number;
  dead: number;
}

/** What {@link storeChunks} tells as it goes. */
export interface StoreObserver {
  /** A transaction that committed. */
  committed(commit: { records: number; seconds: number }): void;
  failed(sqlstate: string | null, error: Error): void;
  /** Records of a chunk are among the dead letters now. */
  buried(chunk: HeldChunk, refused: readonly RefusedLine[]): void;
}

/** PostgreSQL can't be used at all right now; what was to be stored may be tried again as it is. */
export class UnreachableError extends Error {}

/** Options of {@link storeChunks}. */
export interface StoreOptions {
  lane: DatabaseLane;
  columns: DatasetColumns;
  locked: LockedTables;
  /** This worker's number in the ledger. */
  worker: number;
  observer: StoreObserver;
}

/**
 * Stores chunks exactly once: their ledger rows and their records in one transaction, in one round trip
 * when nothing is out of the ordinary. A failure narrows down what is at fault and stores the rest.
 *
 * @param results gets what became of each chunk, by id; a chunk that already has a result is left out, so a
 *   call that threw can be repeated. An `Error` in it: this chunk alone could not be stored, try it later.
 * @throws UnreachableError
 */
export async function storeChunks(
  options: StoreOptions,
  tasks: readonly ChunkTask[],
  results: Map<string, StoreResult | Error>,
): Promise<void> {
  // Sorted, so that two workers with the same chunks wait for each other instead of deadlocking.
  const open = tasks.filter(({ chunk }) => !results.has(chunk.id)).sort((a, b) => (a.chunk.id < b.chunk.id ? -1 : 1));
  if (open.length > 0) await new Storing(options, results).storeAll(open);
}

/** One call of {@link storeChunks}; its methods narrow down a failure by calling each other with less. */
class Storing {
  readonly #options: StoreOptions;
  readonly #results: Map<string, StoreResult | Error>;

  constructor(options: StoreOptions, results: Map<string, StoreResult | Error>) {
    this.#options = options;
    this.#results = results;
  }

  async storeAll(all: readonly ChunkTask[]): Promise<void> {
    const { columns, lane } = this.#options;
    const tasks = all.filter((task) => !this.#isLocked(task));
    const datasets = tasks.map(({ chunk }) => chunk.dataset);
    const missing = await reach(() => columns.learn(datasets, lane));
    if (missing.size === 0) return this.store(tasks);
    await this.store(tasks.filter(({ chunk }) => !missing.has(chunk.dataset)));
    await this.#discard(tasks.filter(({ chunk }) => missing.has(chunk.dataset)));
  }

  #isLocked(task: ChunkTask): boolean {
    const error = this.#options.locked.errorOf(task.chunk.dataset);
    if (error !== null) this.#putOff([task], error);
    return error !== null;
  }

  async store(tasks: readonly ChunkTask[]): Promise<void> {
    if (tasks.length === 0) return;
    const started = performance.now();
    const datasets = byDataset(tasks);
    const entries = tasks.map(({ chunk }) => ({ id: chunk.id, dataset: chunk.dataset, records: chunk.count }));
    const failure = await this.#options.lane.run([
      { sql: ledgerInsert(entries, this.#options.worker) },
      ...datasets.map(({ dataset, own }) =>
        copyStep(
          dataset,
          this.#options.columns.of(dataset),
          own.map(({ chunk }) => chunk.lines),
        ),
      ),
    ]);
    if (failure !== null) return this.#narrow(tasks, datasets, failure);
    for (const entry of entries) this.#results.set(entry.id, { outcome: 'stored', records: entry.records, dead: 0 });
    for (const { dataset } of datasets) this.#options.locked.forget(dataset);
    const records = entries.reduce((sum, entry) => sum + entry.records, 0);
    this.#options.observer.committed({ records, seconds: (performance.now() - started) / 1000 });
  }

  async #narrow(tasks: readonly ChunkTask[], datasets: readonly Group[], { error, step }: StepFailure): Promise<void> {
    this.#options.observer.failed(sqlstateOf(error), error);
    const kind = classifyFailure(error);
    if (kind === 'unreachable') throw new UnreachableError(error.message, { cause: error });
    if (step === 0) return this.#ledgerFailed(tasks, error);
    const suspects = datasets[step - 1]?.own ?? [];
    // The others first: they were only in bad company.
    await this.store(tasks.filter((task) => !suspects.includes(task)));
    if (kind === 'gone') return this.#tableGone(suspects, error);
    if (kind === 'barred') return this.#tableBarred(suspects, error);
    if (suspects.length > 1) return this.#halve(suspects);
    const [suspect] = suspects;
    if (suspect === undefined) return;
    if (kind === 'refused') return this.#isolate(suspect);
    this.#putOff(suspects, error);
  }

  #tableBarred(tasks: readonly ChunkTask[], error: Error & { code?: string }): void {
    const [first] = tasks;
    if (first !== undefined && error.code === LOCK_NOT_AVAILABLE) {
      this.#options.locked.waited(first.chunk.dataset, error);
    }
    this.#putOff(tasks, error);
  }

  #putOff(tasks: readonly ChunkTask[], error: Error): void {
    for (const { chunk } of tasks) this.#results.set(chunk.id, error);
  }

  async #halve(tasks: readonly ChunkTask[]): Promise<void> {
    const middle = tasks.length >> 1;
    await this.store(tasks.slice(0, middle));
    await this.store(tasks.slice(middle));
  }

  /** Some chunk is in the ledger already, or another worker is about to put it there. */
  async #ledgerFailed(tasks: readonly ChunkTask[], error: Error & { code?: string }): Promise<void> {
    const rest = error.code === UNIQUE_VIOLATION ? await this.#settleCommitted(tasks) : tasks;
    if (rest.length < tasks.length) return this.store(rest);
    // Only some of the rows are what another transaction holds.
    const barred = classifyFailure(error) === 'barred' && error.code !== LOCK_NOT_AVAILABLE;
    if (tasks.length > 1 && !barred) return this.#halve(tasks);
    this.#putOff(tasks, error);
  }

  /** Settles the chunks that the ledger has; returns the others. */
  async #settleCommitted(tasks: readonly ChunkTask[]): Promise<ChunkTask[]> {
    const ids = tasks.map(({ chunk }) => chunk.id);
    const rows = await this.#ask<LedgerRow>(SELECT_COMMITTED, [ids]);
    const committed = new Map(rows.map((row) => [row.chunk_id, row]));
    return tasks.filter((task) => {
      const row = committed.get(task.chunk.id);
      if (row === undefined) return true;
      this.#results.set(task.chunk.id, this.#foundCommitted(task, row));
      return false;
    });
  }

  #foundCommitted(task: ChunkTask, row: LedgerRow): StoreResult {
    const ours = task.uncertain && row.worker === String(this.#options.worker);
    if (ours && row.discarded > 0) return { outcome: 'discarded', records: row.discarded, dead: 0 };
    if (ours) return { outcome: 'stored', records: row.records, dead: row.dead };
    return { outcome: task.redelivered ? 'redelivered' : 'duplicate', records: task.chunk.count, dead: 0 };
  }

  /** A table that is missing while its dataset exists is a fault of ours, to be tried again. */
  async #tableGone(tasks: readonly ChunkTask[], error: Error): Promise<void> {
    for (const { chunk } of tasks) this.#options.locked.forget(chunk.dataset);
    const rows = await this.#ask<{ id: number }>(SELECT_DATASETS, [tasks.map(({ chunk }) => chunk.dataset)]);
    const existing = new Set(rows.map(({ id }) => id));
    this.#putOff(
      tasks.filter(({ chunk }) => existing.has(chunk.dataset)),
      error,
    );
    await this.#discard(tasks.filter(({ chunk }) => !existing.has(chunk.dataset)));
  }

  /** Enters in the ledger, once, that the records of deleted datasets were let go. */
  async #discard(tasks: readonly ChunkTask[]): Promise<void> {
    if (tasks.length === 0) return;
    const entries = tasks.map(({ chunk }) => ({
      id: chunk.id,
      dataset: chunk.dataset,
      records: 0,
      discarded: chunk.count,
    }));
    const failure = await this.#options.lane.run([{ sql: ledgerInsert(entries, this.#options.worker) }]);
    if (failure === null) {
      for (const { id, discarded } of entries) {
        this.#results.set(id, { outcome: 'discarded', records: discarded, dead: 0 });
      }
      return;
    }
    const { error } = failure;
    this.#options.observer.failed(sqlstateOf(error), error);
    if (classifyFailure(error) === 'unreachable') throw new UnreachableError(error.message, { cause: error });
    const rest = error.code === UNIQUE_VIOLATION ? await this.#settleCommitted(tasks) : tasks;
    if (rest.length < tasks.length) return this.#discard(rest);
    this.#putOff(tasks, error);
  }

  async #isolate(task: ChunkTask): Promise<void> {
    const { lane, columns, worker, observer } = this.#options;
    const { chunk } = task;
    const started = performance.now();
    try {
      const session = await lane.session();
      const { records, refused } = await isolateRecords(session, chunk, columns.of(chunk.dataset), worker);
      this.#results.set(chunk.id, { outcome: 'stored', records, dead: refused.length });
      observer.committed({ records, seconds: (performance.now() - started) / 1000 });
      if (refused.length > 0) observer.buried(chunk, refused);
    } catch (error) {
      const failure = error as Error & { code?: string };
      // The records were dealt with one by one, so a refusal now is the ledger's: it has the chunk.
      const step = failure.code === UNIQUE_VIOLATION ? 0 : 1;
      await this.#narrowOne(task, failure, step);
    }
  }

  async #narrowOne(task: ChunkTask, error: Error & { code?: string }, step: number): Promise<void> {
    const kind = classifyFailure(error);
    if (kind === 'unreachable' || kind === 'gone' || step === 0) {
      return this.#narrow([task], byDataset([task]), { error, step });
    }
    this.#options.observer.failed(sqlstateOf(error), error);
    this.#putOff([task], error);
  }

  async #ask<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    return reach(async () => (await this.#options.lane.session()).query<Row>(text, values));
  }
}

/** Simple reads of ours fail only when nothing can be done at all. */
async function reach<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new UnreachableError((error as Error).message, { cause: error });
  }
}

interface Group {
  dataset: number;
  own: ChunkTask[];
}

function byDataset(tasks: readonly ChunkTask[]): Group[] {
  const groups = new Map<number, Group>();
  for (const task of tasks) {
    const { dataset } = task.chunk;
    const group = groups.get(dataset) ?? { dataset, own: [] };
    groups.set(dataset, group);
    group.own.push(task);
  }
  return [...groups.values()].sort((a, b) => a.dataset - b.dataset);
}
