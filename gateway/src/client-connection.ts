import type { Duplex } from 'node:stream';
import type { GuardMemo } from './credential-guard.js';
import type { Exchange } from './exchange.js';

/** Requests a client may send ahead of their answers; with more the connection is closed. */
const MAX_PIPELINED = 128;

const connections = new WeakMap<Duplex, ClientConnection>();

/** The state of a connection; made when its first request arrives. */
export function connectionOf(socket: Duplex): ClientConnection {
  let connection = connections.get(socket);
  if (connection === undefined) {
    connection = new ClientConnection(socket);
    connections.set(socket, connection);
  }
  return connection;
}

/** The same, when there was one. */
export function knownConnection(socket: Duplex): ClientConnection | undefined {
  return connections.get(socket);
}

/**
 * Runs the requests of one connection one after the other. Pipelined requests may be worked on at the same time
 * only when all are safe (RFC 9112 §9.3.2); a POST must not overtake the one before it.
 */
export class ClientConnection implements GuardMemo {
  provenCredential: string | undefined;
  /** The peer's address as the guard counts it, once it was asked for. */
  addressKey: string | undefined;
  readonly #socket: Duplex;
  readonly #waiting: Exchange[] = [];
  #current: Exchange | null = null;
  /** What follows the current requests is no HTTP. */
  #broken = false;
  /** The last answer told the client that the connection ends. */
  #ending = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.once('close', () => this.#closed());
  }

  /** The exchange being worked on. */
  get current(): Exchange | null {
    return this.#current;
  }

  accept(exchange: Exchange): void {
    // Node still hands out what it had parsed behind a request that ended the connection. It must not be worked on:
    // behind a request that was refused for its framing it may be no request at all.
    if (this.#ending) return;
    if (this.#current === null) {
      this.#current = exchange;
      exchange.begin();
    } else if (this.#waiting.length < MAX_PIPELINED) {
      this.#waiting.push(exchange);
    } else {
      this.#socket.destroy();
    }
  }

  /**
   * To be called by the exchange when its answer is complete.
   *
   * @param keepAlive whether the answer left the connection open
   */
  done(exchange: Exchange, keepAlive: boolean): void {
    if (this.#current !== exchange) return;
    if (!keepAlive) {
      this.#ending = true;
      this.#waiting.length = 0;
    }
    const next = this.#waiting.shift() ?? null;
    this.#current = next;
    if (next !== null) next.begin();
    else if (this.#broken) this.#socket.end();
  }

  /** What follows the current requests is no HTTP: close once they are answered. */
  closeWhenDone(): void {
    this.#broken = true;
  }

  #closed(): void {
    const current = this.#current;
    this.#current = null;
    this.#waiting.length = 0;
    current?.clientGone();
  }
}
