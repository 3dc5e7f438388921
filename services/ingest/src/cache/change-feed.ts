import { Socket } from 'node:net';
import { CHANGES_CHANNEL, type Change } from '@loguro/types';
import pg from 'pg';
import type { Logger } from 'pino';
import { parseChange } from './parse-change.js';
import { within } from './within.js';

/** Options of {@link ChangeFeed}. */
export interface ChangeFeedOptions {
  connectionString: string;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Time between two heartbeats, in milliseconds; 250. */
  heartbeatMs?: number;
  /**
   * How long after a heartbeat was sent its answer vouches for the caches, in milliseconds; 750. With the
   * time a lookup takes it must stay under the second within which a revocation is promised to be seen.
   */
  leaseMs?: number;
}

/** Hears of changes; what {@link FreshCache} needs of a feed. */
export interface FeedListener {
  changed(change: Change): void;
  /** Changes may have been missed: everything must go. */
  lost(): void;
}

const RECONNECT_FIRST_MS = 50;
const RECONNECT_LAST_MS = 1000;

/**
 * Follows the database's announcements of changed keys and datasets on a connection of its own.
 *
 * PostgreSQL sends announcements before it answers the next query on the same connection. So the answer
 * to a heartbeat sent at time t proves that every change committed before t has been heard here, and
 * cached entries may be used on the strength of it until t + `leaseMs`: the lease. A connection that is
 * half-open, stalled or gone stops renewing the lease, so that nobody needs to notice it first.
 *
 * Each connection is an epoch: what was read in an earlier one may have missed a change in between.
 */
export class ChangeFeed {
  readonly #options: Required<ChangeFeedOptions>;
  readonly #listeners: FeedListener[] = [];
  #epoch = 0;
  #leaseUntil = Number.NEGATIVE_INFINITY;
  #client: pg.Client | undefined;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;
  #connecting: Promise<void> = Promise.resolve();

  constructor(options: ChangeFeedOptions) {
    this.#options = { heartbeatMs: 250, leaseMs: 750, ...options };
  }

  /** Counts connections and losses; an entry of an earlier epoch is no longer vouched for. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether an entry read in `epoch` is vouched for at `now` (of `performance.now()`). */
  covers(epoch: number, now: number): boolean {
    return epoch === this.#epoch && now < this.#leaseUntil;
  }

  /** Whether changes are being heard right now. */
  get live(): boolean {
    return performance.now() < this.#leaseUntil;
  }

  listen(listener: FeedListener): void {
    this.#listeners.push(listener);
  }

  /** Connects, now and whenever the connection is lost. Resolves after the first attempt, whatever came of it. */
  start(): Promise<void> {
    this.#connecting = this.#connect();
    return this.#connecting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    this.#drop();
  }

  async #connect(): Promise<void> {
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      connectionTimeoutMillis: this.#options.leaseMs,
      application_name: 'loguro-ingest-changes',
      // Ours, so that a connection that no longer answers can be cut without asking the other side.
      stream: () => socket,
    });
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    client.on('notification', ({ payload }) => this.#hear(payload));
    this.#client = client;
    this.#socket = socket;
    try {
      await client.connect();
      const sent = performance.now();
      await within(client.query(`LISTEN ${CHANGES_CHANNEL}`), this.#options.leaseMs);
      if (this.#client !== client) return;
      this.#failures = 0;
      this.#newEpoch();
      this.#leaseUntil = sent + this.#options.leaseMs;
      this.#options.logger.info('the change feed is connected');
      this.#timer = setTimeout(() => void this.#beat(client), this.#options.heartbeatMs);
    } catch {
      this.#lose(client);
    }
  }

  async #beat(client: pg.Client): Promise<void> {
    const sent = performance.now();
    try {
      await within(client.query('SELECT'), this.#options.leaseMs);
      if (this.#client !== client) return;
      this.#leaseUntil = sent + this.#options.leaseMs;
      this.#timer = setTimeout(() => void this.#beat(client), this.#options.heartbeatMs);
    } catch {
      this.#lose(client);
    }
  }

  #hear(payload: string | undefined): void {
    const change = parseChange(payload);
    for (const listener of this.#listeners) {
      if (change === null) listener.lost();
      else listener.changed(change);
    }
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#drop();
    if (this.#closed) return;
    if (this.#failures === 0) this.#options.logger.warn('the change feed is lost; caches are dropped');
    const delay = Math.min(RECONNECT_FIRST_MS * 2 ** this.#failures, RECONNECT_LAST_MS);
    this.#failures += 1;
    this.#timer = setTimeout(() => void this.start(), delay * (0.5 + Math.random() / 2));
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#leaseUntil = Number.NEGATIVE_INFINITY;
    this.#client = undefined;
    this.#newEpoch();
    this.#socket?.destroy();
  }

  #newEpoch(): void {
    this.#epoch += 1;
    for (const listener of this.#listeners) listener.lost();
  }
}
