import { ApiError } from '@loguro/types';
import { AWAY } from './flush-failure.js';
import type { QueuePressure, QueueStore } from './queue-store.js';

/** The marks above which the queue takes nothing more. */
export interface QueueLimits {
  /** Jobs that wait, those for their next try included. */
  maxWaitingJobs: number;
  /** Memory of Redis where it sets no limit of its own; waiting payloads in PostgreSQL. In bytes. */
  maxQueueBytes: number;
  /** Share of Redis's own `maxmemory`, 0 to 1. The rest is room for what is on its way and for BullMQ's lists. */
  maxMemoryShare: number;
}

/** Between two looks at the queue, in milliseconds; what is queued in between is what a mark can be overshot by. */
const LOOK_EVERY_MS = 250;

/** Why nothing can be queued right now. */
export type Refusal = { code: 'overloaded' | 'unavailable'; sentence: string };

/**
 * Looks at the queue several times a second, off the path of requests, so that an append knows at once
 * whether it has a chance.
 *
 * It starts and stays *open* while looks succeed and find room; a look above a mark makes it *full*; a look
 * or a flush that fails makes it *away*. Every state ends with the next look that says otherwise, so the
 * way back needs no one.
 */
export class QueueMonitor {
  readonly #store: QueueStore;
  readonly #limits: QueueLimits;
  readonly #onLook: (pressure: QueuePressure) => void;
  #refusal: Refusal | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(store: QueueStore, limits: QueueLimits, onLook: (pressure: QueuePressure) => void) {
    this.#store = store;
    this.#limits = limits;
    this.#onLook = onLook;
  }

  /** What an append would be refused with; null when the queue is open. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** Looks once, then again and again; resolves after the first look. */
  async start(): Promise<void> {
    await this.#look();
    this.#plan();
  }

  /** A flush could not reach the queue: appends fail at once until a look succeeds. */
  reportAway(): void {
    this.#refusal = AWAY;
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
    }, LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    try {
      const pressure = await this.#store.pressure();
      this.#refusal = this.#judge(pressure);
      this.#onLook(pressure);
    } catch {
      this.reportAway();
    }
  }

  #judge({ waitingJobs, delayedJobs, usedBytes, limitBytes }: QueuePressure): Refusal | null {
    const { maxWaitingJobs } = this.#limits;
    const maxBytes = byteMark(this.#limits, limitBytes);
    if (waitingJobs + delayedJobs < maxWaitingJobs && usedBytes < maxBytes) return null;
    return { code: 'overloaded', sentence: 'The queue is past its high-water mark; nothing was accepted.' };
  }
}

/** The mark on bytes that is in force, where `limitBytes` is the store's own limit, if it has one. */
export function byteMark(
  { maxQueueBytes, maxMemoryShare }: Omit<QueueLimits, 'maxWaitingJobs'>,
  limitBytes: number | null,
): number {
  return limitBytes === null ? maxQueueBytes : Math.min(maxQueueBytes, limitBytes * maxMemoryShare);
}

/** A refusal as the client sees it. */
export function refusalError({ code, sentence }: Refusal, cause?: unknown): ApiError {
  return new ApiError(code, sentence, cause === undefined ? {} : { cause });
}
