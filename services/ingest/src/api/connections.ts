import type { Duplex } from 'node:stream';
import type { Reply } from './reply.js';

/** What is going on on one connection. */
export interface Connection {
  /** The request that came last, until it is done. */
  latest: Reply | null;
  /** Requests that came and are not done; more than one when a client doesn't wait for its answers. */
  open: number;
  /** Requests that came. */
  requests: number;
  /** Nothing good can follow on it: it ends when no request is open any more. */
  spoilt: boolean;
}

/** Requests on a connection that Node's server has taken over; to connect anew costs what a few of them cost. */
const RETURN_AFTER = 32;

/**
 * The open connections. It holds a request only while it is in work: whatever is kept longer survives
 * collections of young objects, and with a weak map in its place those took a third of all CPU time.
 */
export class Connections {
  readonly #all = new Map<Duplex, Connection>();

  /** Their sockets. */
  get sockets(): Iterable<Duplex> {
    return this.#all.keys();
  }

  get size(): number {
    return this.#all.size;
  }

  add(socket: Duplex): void {
    this.#all.set(socket, { latest: null, open: 0, requests: 0, spoilt: false });
    socket.once('close', () => this.#all.delete(socket));
  }

  get(socket: Duplex): Connection | undefined {
    return this.#all.get(socket);
  }

  /** A request has come. */
  begin(reply: Reply): void {
    const connection = this.#all.get(reply.req.socket);
    if (connection === undefined) return;
    connection.latest = reply;
    connection.open += 1;
    connection.requests += 1;
  }

  /**
   * Whether the connection has been here for long enough to be closed, so that the next one of its client begins on the
   * fast lane again: a proxy's connections carry requests of all kinds, and one that is not for that lane is enough to
   * take them off it.
   */
  mayReturn(reply: Reply): boolean {
    const connection = this.#all.get(reply.req.socket);
    return connection !== undefined && connection.open === 1 && connection.requests >= RETURN_AFTER;
  }

  /** A request is answered, or will never be. */
  finish(reply: Reply): void {
    const { socket } = reply.req;
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    if (connection.latest === reply) connection.latest = null;
    connection.open -= 1;
    if (connection.spoilt && connection.open === 0) socket.end();
  }
}
