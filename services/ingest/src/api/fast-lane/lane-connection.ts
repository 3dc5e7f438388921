import type { Socket } from 'node:net';
import type { BodyBudget } from '../body-budget.js';
import { MAX_PLAIN_HEAD, type PlainHead, readPlainHead } from './plain-head.js';

/** What {@link LaneConnection} tells. */
export interface LaneEvents {
  data(bytes: Buffer): void;
  /** The client will send nothing more. */
  end(): void;
  close(): void;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** A connection while the fast lane has it; see `FastLane` for its states. */
export class LaneConnection {
  readonly socket: Socket;
  /** A request waits for a look-up or for the queue. */
  working = false;
  /** The client has said that it will send nothing more. */
  ended = false;
  /** More came while a request was in work. */
  heldBack = false;
  /** Pieces in which the request that is arriving came so far. */
  pieces = 0;
  /** When it was taken, was last answered, or began to receive; of `performance.now()`. */
  since = performance.now();
  readonly #events: LaneEvents;
  readonly #budget: BodyBudget;
  #kept = NOTHING;
  #counted = 0;
  /** A busy producer sends the same head again and again, and comparing is far cheaper than reading. */
  #lastHead: { bytes: Buffer; head: PlainHead } | null = null;

  constructor(socket: Socket, budget: BodyBudget, events: LaneEvents) {
    this.socket = socket;
    this.#budget = budget;
    this.#events = events;
    socket.on('data', events.data).on('end', events.end).on('close', events.close).on('error', onError);
  }

  /** A part of a request. */
  get kept(): Buffer {
    return this.#kept;
  }

  /** Nothing has ever come. */
  get silent(): boolean {
    return this.socket.bytesRead === 0;
  }

  /** Nothing is going on, though it was used before. */
  get idle(): boolean {
    return !this.working && this.#kept.length === 0 && !this.silent;
  }

  /** What was kept with what has come, which from here on is the caller's to keep. */
  join(bytes: Buffer): Buffer {
    const all = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    this.letGo();
    return all;
  }

  /** Keeps a part of a request. @returns false: too many bytes of requests are in work */
  keep(part: Buffer): boolean {
    if (!this.#budget.add(part.length)) return false;
    if (this.pieces === 0) this.since = performance.now();
    this.pieces += 1;
    this.#kept = part;
    this.#counted = part.length;
    return true;
  }

  /** Puts back what comes while a request is in work, and reads no further. */
  holdBack(bytes: Buffer): void {
    this.heldBack = true;
    this.socket.pause().unshift(bytes);
  }

  /** Forgets what was kept. */
  letGo(): void {
    this.#budget.subtract(this.#counted);
    this.#counted = 0;
    this.#kept = NOTHING;
  }

  /** The head of the request that begins with these bytes; null when it is not of the common form, or not complete. */
  headOf(request: Buffer): PlainHead | null {
    const last = this.#lastHead;
    if (last !== null) {
      const { length } = last.bytes;
      if (request.length >= length && last.bytes.compare(request, 0, length) === 0) return last.head;
    }
    const head = readPlainHead(request.toString('latin1', 0, Math.min(request.length, MAX_PLAIN_HEAD)));
    if (head !== null) this.#lastHead = { bytes: Buffer.from(request.subarray(0, head.headBytes)), head };
    return head;
  }

  /** Listens no more, but for errors. */
  detach(): void {
    const { data, end, close } = this.#events;
    this.socket.off('data', data).off('end', end).off('close', close);
    this.letGo();
  }
}

/** It is closed next. */
function onError(): void {}
