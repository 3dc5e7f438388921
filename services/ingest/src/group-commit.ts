/** Options of {@link GroupCommit}. */
export interface GroupCommitOptions<T, R> {
  /**
   * Makes a group durable in one go. Resolves to one result per item, in order; an `Error` in a place
   * rejects that item alone. A rejection rejects the whole group.
   */
  flush: (items: T[]) => Promise<readonly (R | Error)[]>;
  /** What an item costs in memory while it waits, in bytes. */
  sizeOf: (item: T) => number;
  /** A group ends before it grows past this; one larger item still goes out, alone. */
  maxGroupBytes: number;
  maxGroupItems: number;
  /** Items that may wait (not counting those in flight) before {@link GroupCommit.add} refuses. */
  maxWaitingItems: number;
  maxWaitingBytes: number;
  /** What `add` throws when that many wait already. */
  whenFull: () => Error;
  /** Groups in flight at once; 1 unless said otherwise. */
  lanes?: number;
  /**
   * A further lane opens only when this many bytes wait, in bytes: small groups would undo what grouping
   * gains, so below it the items wait for the group in flight.
   */
  laneBytes?: number;
  /** Least time between the starts of two groups, in milliseconds; 0 unless said otherwise. */
  minGapMs?: number;
  /** So many items are worth a group at once, whatever the gap; none unless said otherwise. */
  gapItems?: number;
}

interface Entry<T, R> {
  item: T;
  size: number;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * Turns many small writes into few large ones, paced by the writes themselves.
 *
 * While one group is in flight the next one gathers; when it returns, everything that gathered goes out
 * as one. The pace is set by the acknowledgements: alone, an item pays one round trip; under load the
 * groups grow by themselves until the store is used fully. There are three states:
 *
 * - **idle**: nothing waits, a lane is free. The first `add` plans a start and enters *planned*.
 * - **planned**: a start is due at the end of this turn of the event loop (so that all requests read from
 *   their sockets in one turn share a group), or when `minGapMs` has passed since the last start and less than
 *   `gapItems` wait.
 * - **busy**: every lane the load deserves is in flight; items only gather. Each return plans a start when
 *   something waits, else the state is *idle* again; when `gapItems` wait, the next group starts with the return.
 *
 * Invariants: an item is in exactly one group; groups start in the order of `add`; at most `lanes` groups
 * are in flight; an item settles exactly once; what waits never exceeds the limits, so memory is bounded
 * however slow the store is.
 *
 * The trade: with `minGapMs` the groups are fewer and larger under medium load, for that much more
 * latency at most. Under full load there is nothing to be gained by waiting: then `gapItems` wait already.
 */
export class GroupCommit<T, R = void> {
  readonly #options: Required<GroupCommitOptions<T, R>>;
  #waiting: Entry<T, R>[] = [];
  #waitingBytes = 0;
  #inFlight = 0;
  #planned: NodeJS.Immediate | undefined;
  /** A start that waits for the gap to pass. */
  #later: NodeJS.Timeout | undefined;
  #lastStart = Number.NEGATIVE_INFINITY;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions<T, R>) {
    this.#options = { lanes: 1, laneBytes: 0, minGapMs: 0, gapItems: Number.POSITIVE_INFINITY, ...options };
  }

  /** Items that wait, not counting those in flight. */
  get waitingItems(): number {
    return this.#waiting.length;
  }

  /** Their size, in bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Groups in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Puts an item into the next group.
   *
   * @returns its result, once its group is durable
   * @throws (as a rejection) what `flush` said, `whenFull` when too much waits, or an Error after `close`
   */
  add(item: T): Promise<R> {
    if (this.#closed) return Promise.reject(new Error('This group commit is closed.'));
    if (!this.hasRoomFor(item)) return Promise.reject(this.#options.whenFull());
    const size = this.#options.sizeOf(item);
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ item, size, resolve, reject });
      this.#waitingBytes += size;
      this.#plan();
    });
  }

  /** Whether {@link GroupCommit.add} would take it now. An item larger than all the room there is may wait alone. */
  hasRoomFor(item: T): boolean {
    const { maxWaitingItems, maxWaitingBytes, sizeOf } = this.#options;
    if (this.#waiting.length === 0) return true;
    return this.#waiting.length < maxWaitingItems && this.#waitingBytes + sizeOf(item) <= maxWaitingBytes;
  }

  /** Rejects everything that waits and returns it; groups in flight go on. */
  rejectWaiting(error: Error): T[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const entry of waiting) entry.reject(error);
    this.#settleIdle();
    return waiting.map(({ item }) => item);
  }

  /** Refuses further items; resolves when all that were added have settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void> {
    if (this.#waiting.length === 0 && this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #plan(): void {
    if (this.#planned !== undefined || !this.#mayStart()) return;
    const wait = this.#enough ? 0 : this.#lastStart + this.#options.minGapMs - performance.now();
    if (wait > 0) this.#later ??= setTimeout(() => this.#begin(), wait);
    else this.#planned = setImmediate(() => this.#begin());
  }

  /** So many wait that a group is worth it at once. */
  get #enough(): boolean {
    return this.#waiting.length >= this.#options.gapItems;
  }

  #begin(): void {
    clearTimeout(this.#later);
    clearImmediate(this.#planned);
    this.#planned = undefined;
    this.#later = undefined;
    if (this.#mayStart()) this.#start();
    this.#plan();
  }

  #mayStart(): boolean {
    if (this.#waiting.length === 0) return false;
    if (this.#inFlight === 0) return true;
    return this.#inFlight < this.#options.lanes && this.#waitingBytes >= this.#options.laneBytes;
  }

  #start(): void {
    this.#inFlight += 1;
    this.#lastStart = performance.now();
    void this.#run(this.#take());
  }

  #take(): Entry<T, R>[] {
    const { maxGroupBytes, maxGroupItems } = this.#options;
    let bytes = 0;
    let count = 0;
    for (const { size } of this.#waiting) {
      if (count > 0 && (count >= maxGroupItems || bytes + size > maxGroupBytes)) break;
      bytes += size;
      count += 1;
    }
    const group = this.#waiting;
    this.#waiting = group.splice(count);
    this.#waitingBytes -= bytes;
    return group;
  }

  async #run(group: Entry<T, R>[]): Promise<void> {
    let settle: () => void;
    try {
      const results = await this.#options.flush(group.map(({ item }) => item));
      settle = () => settleAll(group, results);
    } catch (error) {
      settle = () => {
        for (const entry of group) entry.reject(error);
      };
    }
    this.#inFlight -= 1;
    // Before those of this group hear of it: what they then do takes its time, and the store would idle meanwhile.
    if (this.#enough) this.#begin();
    else this.#plan();
    settle();
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (this.#waiting.length > 0 || this.#inFlight > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

function settleAll<T, R>(group: readonly Entry<T, R>[], results: readonly (R | Error)[]): void {
  for (const [index, entry] of group.entries()) {
    const result = results[index] as R | Error;
    if (result instanceof Error) entry.reject(result);
    else entry.resolve(result);
  }
}
