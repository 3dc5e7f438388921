import { end, type ProcessIdentity } from '@loguro/servers';

/** A process that runs and serves. */
export interface RunningProcess extends ProcessIdentity {
  /** Resolves with how it ended, whatever the reason. */
  exited: Promise<string>;
  /** Asks it to end, and after `graceMs` makes it. */
  stop(graceMs: number): Promise<void>;
}

/** Options of {@link SupervisedProcess}. */
export interface SupervisedOptions {
  /**
   * Starts the process and resolves when it serves. Must call `spawned` as soon as there is a process, and
   * leave none behind when it fails.
   */
  start: (spawned: (identity: ProcessIdentity) => void) => Promise<RunningProcess>;
  /** Hears of every process that came or went; null: none runs. */
  onChange: (identity: ProcessIdentity | null) => void;
  /** Hears why a process has to be started again, and after how long. */
  onFailure: (reason: string, delayMs: number) => void;
  /** Before the first restart; doubles with each failure, up to `maxDelayMs`. */
  minDelayMs: number;
  maxDelayMs: number;
  /** A process that served this long starts again with `minDelayMs`. */
  stableMs: number;
}

/** Keeps one process running: starts it again, more and more patiently, whenever it ends by itself. */
export class SupervisedProcess {
  readonly #options: SupervisedOptions;
  readonly #stopping = new AbortController();
  #spawned: ProcessIdentity | null = null;
  #running: RunningProcess | undefined;
  #keeping: Promise<void> | undefined;
  #delayMs: number;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#delayMs = options.minDelayMs;
  }

  /** Starts it for the first time; a failure is the caller's. */
  async start(): Promise<void> {
    this.#keeping = this.#keep(await this.#startOnce());
  }

  /** Ends it for good, also in the middle of a start. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#running !== undefined) await this.#running.stop(graceMs);
    else if (this.#spawned !== null) await end(this.#spawned, 'SIGTERM', graceMs);
    await this.#keeping;
  }

  async #startOnce(): Promise<RunningProcess> {
    try {
      this.#running = await this.#options.start((identity) => this.#changed(identity));
      return this.#running;
    } catch (error) {
      this.#changed(null);
      throw error;
    }
  }

  #changed(identity: ProcessIdentity | null) {
    this.#spawned = identity;
    this.#options.onChange(identity);
  }

  async #keep(first: RunningProcess): Promise<void> {
    let running: RunningProcess | undefined = first;
    while (running !== undefined) {
      const since = performance.now();
      const reason: string = await running.exited;
      this.#running = undefined;
      this.#changed(null);
      if (performance.now() - since >= this.#options.stableMs) this.#delayMs = this.#options.minDelayMs;
      running = await this.#startAgain(reason);
    }
  }

  /** Returns undefined when it is to stop. */
  async #startAgain(firstReason: string): Promise<RunningProcess | undefined> {
    const { signal } = this.#stopping;
    for (let reason = firstReason; !signal.aborted; ) {
      this.#options.onFailure(reason, this.#delayMs);
      await pause(this.#delayMs, signal);
      if (signal.aborted) return undefined;
      this.#delayMs = Math.min(this.#delayMs * 2, this.#options.maxDelayMs);
      try {
        return await this.#startOnce();
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    return undefined;
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}
