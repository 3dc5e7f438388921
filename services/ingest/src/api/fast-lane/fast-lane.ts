import type { Socket } from 'node:net';
import { type ApiError, requestIdFrom, toApiError } from '@loguro/types';
import type { ApiMetrics } from '../../metrics.js';
import { receiptOf } from '../../records/receipt-id.js';
import type { Access, AccessControl } from '../access.js';
import { queuedAnswer } from '../answers.js';
import type { BodyBudget } from '../body-budget.js';
import { type Encoded, encodeOne } from '../encode-body.js';
import type { RecordSink } from '../record-sink.js';
import { handOver } from './hand-over.js';
import { LaneAnswers } from './lane-answers.js';
import { LaneConnection } from './lane-connection.js';
import type { PlainHead } from './plain-head.js';

/** What the fast lane works with. */
export interface FastLaneDeps {
  access: AccessControl;
  budget: BodyBudget;
  sink: RecordSink;
  metrics: ApiMetrics;
  /** Of a record as it is sent, in bytes. */
  maxRecordBytes: number;
  /** How long an idle connection is kept, in milliseconds. */
  keepAliveTimeoutMs: number;
  /** Node's server takes a connection. */
  accept: (socket: Socket) => void;
  /** The client has ended its side in the middle of a request. */
  cutShort: (socket: Socket) => void;
  /** The queue did not take a record. */
  onFailure: (error: ApiError, requestId: string) => void;
}

/** A request whose record goes to the queue. */
interface Accepted {
  access: Access;
  encoded: Encoded;
  requestId: string;
  startedAt: number;
}

/** How often connections are looked at, in milliseconds. */
const SWEEP_MS = 500;
/** A connection on which nothing comes, or not all of a request, is handed over after this long, in milliseconds. */
const PATIENCE_MS = 500;
/** So is one whose request comes in more pieces than this. */
const MAX_PIECES = 4;

/**
 * Serves the most common request there is, one record by a server key, straight from the bytes of its connection: Node's
 * HTTP server alone costs more than all that is done with a record.
 *
 * It knows two outcomes: the queue has the record (202), or it failed (503). Whatever else a connection brings, be it
 * another path, a header that asks for something, an unknown key, a record at fault or no HTTP at all, is not judged here:
 * the connection is handed over to Node's server, with every byte that was not answered, and stays there. So there is one
 * place that decides what is wrong with a request, and it is not this one.
 *
 * A connection is *silent* (nothing has come yet), *receiving* (part of a request is here), *working* (its request waits
 * for a look-up or for the queue; what follows is held back) or *idle*. Silent and receiving ones are handed over when it takes long, so
 * that the server's timeouts hold for them; idle ones are closed after the keep-alive timeout.
 */
export class FastLane {
  readonly #deps: FastLaneDeps;
  readonly #answers: LaneAnswers;
  readonly #connections = new Set<LaneConnection>();
  readonly #sweeper: NodeJS.Timeout;
  #windingDown = false;

  constructor(deps: FastLaneDeps) {
    this.#deps = deps;
    this.#answers = new LaneAnswers(deps.keepAliveTimeoutMs);
    this.#sweeper = setInterval(() => this.#sweep(performance.now()), SWEEP_MS).unref();
  }

  /** Takes a new connection. */
  take(socket: Socket): void {
    const connection = new LaneConnection(socket, this.#deps.budget, {
      data: (bytes) => this.#received(connection, bytes),
      end: () => this.#ended(connection),
      close: () => this.#forget(connection),
    });
    this.#connections.add(connection);
  }

  /** From now on requests are the server's, and the answers to those in work close their connections. */
  windDown(): void {
    this.#windingDown = true;
  }

  /** Closes the connections that are idle. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.idle) connection.socket.destroy();
  }

  /** Ends the timer; for when the server is closed. */
  close(): void {
    clearInterval(this.#sweeper);
  }

  #received(connection: LaneConnection, bytes: Buffer): void {
    if (connection.working) connection.holdBack(bytes);
    else {
      const request = connection.join(bytes);
      if (!this.#serve(connection, request)) this.#handOver(connection, request);
    }
  }

  /** @returns whether the request is served, or its rest waited for; if not, nothing was done */
  #serve(connection: LaneConnection, request: Buffer): boolean {
    const startedAt = performance.now();
    const head = this.#windingDown ? null : connection.headOf(request);
    const access = head === null ? null : this.#accessOf(head, startedAt);
    if (head === null || access === null) return false;
    if (access instanceof Promise) {
      this.#lookUp(connection, request, access);
      return true;
    }
    const missing = head.headBytes + head.bodyBytes - request.length;
    if (missing > 0) return connection.pieces < MAX_PIECES && connection.keep(request);
    if (missing < 0) return false;
    const requestId = requestIdFrom(head.requestId);
    const encoded = this.#encode(request.subarray(head.headBytes), access, requestId);
    if (encoded === null) return false;
    this.#queue(connection, { access, encoded, requestId, startedAt });
    return true;
  }

  /** Who may write where; null when anything is to be said against it. */
  #accessOf({ authorization, dataset, bodyBytes }: PlainHead, now: number): Access | null | Promise<Access | null> {
    if (bodyBytes > this.#deps.maxRecordBytes) return null;
    try {
      return this.#deps.access.both(authorization, dataset, now);
    } catch {
      // The server comes to the same result and tells the client.
      return null;
    }
  }

  /** Serves a request once what is known of its key and its dataset is in memory. */
  #lookUp(connection: LaneConnection, request: Buffer, access: Promise<Access | null>): void {
    connection.working = true;
    const done = (good: boolean) => {
      connection.working = false;
      if (connection.socket.destroyed) return;
      if (!good || connection.heldBack || !this.#serve(connection, request)) this.#handOver(connection, request);
    };
    access.then(
      (found) => done(found !== null),
      () => done(false),
    );
  }

  /** The line of a record; null when it is at fault. */
  #encode(body: Buffer, { encoder }: Access, requestId: string): Encoded | null {
    try {
      const encoded = encodeOne(body, encoder, requestId);
      return encoded.bad === 0 ? encoded : null;
    } catch {
      return null;
    }
  }

  #queue(connection: LaneConnection, { access, encoded, requestId, startedAt }: Accepted): void {
    connection.working = true;
    const done = (outcome: string, answer: (close: boolean) => string) => {
      const close = this.#windingDown || connection.ended;
      this.#answer(connection, answer(close), close);
      this.#deps.metrics.observeFast(outcome, performance.now() - startedAt);
    };
    this.#deps.sink.append(access, encoded).then(
      (chunkId) => {
        const facts = { stored: false, receipt: receiptOf(chunkId, access.dataset), batch: false, partial: false };
        done('ok', (close) => this.#answers.accepted(requestId, queuedAnswer(encoded, facts), close));
      },
      (thrown: unknown) => {
        const error = toApiError(thrown);
        this.#deps.onFailure(error, requestId);
        done(error.code, (close) => this.#answers.refused(requestId, error, close));
      },
    );
  }

  #answer(connection: LaneConnection, answer: string, close: boolean): void {
    connection.working = false;
    connection.pieces = 0;
    connection.since = performance.now();
    const { socket } = connection;
    if (socket.destroyed) return;
    const sent = socket.write(answer, 'latin1');
    if (close) socket.destroySoon();
    // A client that does not wait for its answers, or does not read them, is the server's.
    else if (connection.heldBack || !sent) this.#handOver(connection, connection.kept);
  }

  #ended(connection: LaneConnection): void {
    connection.ended = true;
    if (connection.working) return;
    if (connection.kept.length === 0) connection.socket.end();
    else this.#deps.cutShort(connection.socket);
  }

  #handOver(connection: LaneConnection, rest: Buffer): void {
    connection.detach();
    this.#connections.delete(connection);
    handOver(connection.socket, rest, this.#deps.accept);
  }

  #forget(connection: LaneConnection): void {
    connection.letGo();
    this.#connections.delete(connection);
  }

  #sweep(now: number): void {
    for (const connection of this.#connections) {
      const age = now - connection.since;
      if (connection.working) continue;
      if (connection.idle) {
        if (age >= this.#deps.keepAliveTimeoutMs) connection.socket.destroy();
      } else if (age >= PATIENCE_MS) this.#handOver(connection, connection.kept);
    }
  }
}
