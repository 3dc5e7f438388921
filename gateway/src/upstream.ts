import { connect } from 'node:net';
import { Pool } from 'undici';
import type { UpstreamLimits } from './config.js';

/** How often a service that refused a connection is tried again, in milliseconds: the longest it is missed. */
const PROBE_INTERVAL_MS = 200;

/**
 * How long an upstream that closes its connections is spared, in milliseconds. A good answer says so when the service
 * stops: then until its port is closed (`LOGURO_DRAIN_MS`), for a request that arrives at that very moment would be
 * lost. An error may say so because of its request alone, and whoever sends such requests must not keep a service from
 * work; a service that stops says it again.
 */
const REST_MS = { good: 6500, error: 1000 };

/** What the outside may want to know of an upstream. */
export interface UpstreamEvents {
  wentDown(origin: string, reason: string): void;
  cameBack(origin: string): void;
}

/**
 * One URL of a service: its connections, and whether it can be reached.
 *
 * It counts as down from the first refused connection until a connection succeeds. While it is down it
 * gets no requests; a TCP connect every {@link PROBE_INTERVAL_MS} finds out when it is back, so no
 * request has to.
 */
export class Upstream {
  readonly origin: string;
  readonly pool: Pool;
  readonly #limits: UpstreamLimits;
  readonly #events: UpstreamEvents;
  #inFlight = 0;
  #probeTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #up = true;
  #restsUntil = 0;

  constructor(origin: string, limits: UpstreamLimits, events: UpstreamEvents) {
    this.origin = origin;
    this.#limits = limits;
    this.#events = events;
    this.pool = new Pool(origin, {
      connections: limits.maxConnections,
      // One request at a time on a connection: one that hangs or breaks takes no other with it.
      pipelining: 1,
      connect: { timeout: limits.connectTimeoutMs },
      headersTimeout: limits.responseTimeoutMs,
      bodyTimeout: limits.idleTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      keepAliveMaxTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: 64 * 1024,
    });
  }

  get up(): boolean {
    return this.#up;
  }

  /**
   * Whether it said lately that it closes its connections: a service does so when it is about to stop. It is given
   * requests only when there is no other, so that none is on its way when its port closes.
   */
  get resting(): boolean {
    return this.#restsUntil !== 0 && performance.now() < this.#restsUntil;
  }

  /** To be called when it answers with `Connection: close`. */
  rest(status: number): void {
    const until = performance.now() + (status < 400 ? REST_MS.good : REST_MS.error);
    this.#restsUntil = Math.max(this.#restsUntil, until);
  }

  /** Requests being sent, waiting for a connection or for their answer. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether one more request would wait in a line that is long enough already. */
  get saturated(): boolean {
    return this.#inFlight >= this.#limits.maxConnections + this.#limits.maxQueue;
  }

  requestStarted(): void {
    this.#inFlight += 1;
  }

  requestEnded(): void {
    this.#inFlight -= 1;
  }

  /** To be called when a connection could not be made. */
  markDown(reason: string): void {
    if (!this.#up || this.#closed) return;
    this.#up = false;
    this.#events.wentDown(this.origin, reason);
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#closed) return;
    this.#probeTimer = setTimeout(() => {
      this.probe().then((reachable) => {
        if (!reachable) this.#scheduleProbe();
      });
    }, PROBE_INTERVAL_MS).unref();
  }

  /** Whether a TCP connection can be made right now; brings the upstream back when it can. */
  probe(): Promise<boolean> {
    const { hostname, port } = new URL(this.origin);
    const host = hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve) => {
      const socket = connect({ host, port: Number(port || 80), timeout: this.#limits.connectTimeoutMs });
      const settle = (reachable: boolean) => {
        socket.destroy();
        if (reachable) this.#markUp();
        resolve(reachable);
      };
      socket.once('connect', () => settle(true));
      socket.once('timeout', () => settle(false));
      socket.on('error', () => settle(false));
    });
  }

  #markUp(): void {
    if (this.#up) return;
    this.#up = true;
    this.#restsUntil = 0;
    this.#events.cameBack(this.origin);
  }

  /** Waits for requests in flight, then closes the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probeTimer);
    await this.pool.close();
  }

  /** Closes the connections at once. */
  async destroy(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probeTimer);
    await this.pool.destroy();
  }
}
