/** What {@link ProgressWatch} looks at. */
export interface ProgressSources {
  /** A number that grows whenever this worker gets anything done. */
  progress: () => number;
  /** Whether there is something this worker could be doing; null when that can't be told right now. */
  workWaits: () => Promise<boolean | null>;
}

/** Options of {@link ProgressWatch}. */
export interface ProgressWatchOptions extends ProgressSources {
  /** After this long without progress while work waits the worker is *stuck*, in milliseconds. */
  stuckAfterMs: number;
  /** After this long it is *hopeless*, in milliseconds. */
  hopelessAfterMs: number;
  lookEveryMs: number;
  onStuck: (seconds: number) => void;
  /** Called once. */
  onHopeless: (seconds: number) => void;
}

/**
 * Notices when a worker gets nothing done although work waits, whatever the reason: the failures one has
 * thought of report themselves, this one is for the others.
 *
 * Idle time is no lack of progress: the clock starts when work waits and starts anew with every bit of
 * progress. Time in which no look was possible (the queue is away) does not count either.
 */
export class ProgressWatch {
  readonly #options: ProgressWatchOptions;
  #seen = Number.NaN;
  #since = performance.now();
  #told = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ProgressWatchOptions) {
    this.#options = options;
  }

  /** Seconds without progress while work waited; null while that is no cause for concern. */
  get stuckSeconds(): number | null {
    const ms = performance.now() - this.#since;
    return ms < this.#options.stuckAfterMs ? null : Math.round(ms / 1000);
  }

  start(): void {
    this.#since = performance.now();
    this.#plan();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#plan());
    }, this.#options.lookEveryMs);
  }

  async #look(): Promise<void> {
    const { progress, workWaits, hopelessAfterMs, onStuck, onHopeless } = this.#options;
    const waits = await workWaits().catch(() => null);
    const done = progress();
    if (waits !== true || done !== this.#seen) {
      this.#seen = done;
      this.#since = performance.now();
      this.#told = false;
      return;
    }
    const seconds = this.stuckSeconds;
    if (seconds === null) return;
    if (!this.#told) onStuck(seconds);
    this.#told = true;
    if (performance.now() - this.#since < hopelessAfterMs) return;
    this.#stopped = true;
    onHopeless(seconds);
  }
}
