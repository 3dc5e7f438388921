import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type RawResponse, readResponse } from './raw-response.js';

/** How a {@link RawClient} connects. */
export interface RawClientOptions {
  port: number;
  /** PEM of the authority to trust: then TLS is spoken. */
  ca?: string | Buffer;
  /** Give up after this many milliseconds without what was waited for. Default 10 000. */
  timeoutMs?: number;
}

/** A client that sends bytes as they are written down, right or wrong, and reads answers one after the other. */
export class RawClient {
  readonly socket: Socket;
  readonly #timeoutMs: number;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  constructor({ port, ca, timeoutMs = 10_000 }: RawClientOptions) {
    const host = '127.0.0.1';
    this.#timeoutMs = timeoutMs;
    this.socket =
      ca === undefined
        ? connect({ host, port, allowHalfOpen: true })
        : connectTls({ host, port, ca, servername: 'localhost' });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    const over = () => {
      this.#ended = true;
      this.#wake?.();
    };
    this.socket.on('end', over).on('close', over).on('error', over);
  }

  /** Sends bytes; resolves when the kernel has taken them, or when the other side has closed. */
  write(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      this.socket.write(data, () => resolve());
    });
  }

  /** The next answer, interim ones (1xx) included. @param method that of the request: an answer to HEAD has no body */
  async response(method = 'GET'): Promise<RawResponse> {
    return this.#until(() => {
      const read = readResponse(this.#received, method, this.#ended);
      if (read === null) return null;
      this.#received = this.#received.subarray(read.length);
      return read;
    }, 'an answer');
  }

  /** Sends a request and reads its answer. */
  async request(bytes: string | Buffer): Promise<RawResponse> {
    await this.write(bytes);
    return this.response(String(bytes).split(' ', 1)[0]);
  }

  /** Resolves once the other side has closed, with what it had sent besides the answers read. */
  closed(): Promise<string> {
    return this.#until(() => (this.#ended ? this.#received.toString('latin1') : null), 'the connection to be closed');
  }

  close(): void {
    this.socket.destroy();
  }

  async #until<T>(look: () => T | null, what: string): Promise<T> {
    const deadline = Date.now() + this.#timeoutMs;
    for (;;) {
      const seen = look();
      if (seen !== null) return seen;
      const left = deadline - Date.now();
      if (this.#ended || left <= 0) {
        const state = this.#ended ? 'the connection is closed' : `${this.#timeoutMs} ms have passed`;
        throw new Error(
          `Waited for ${what}, but ${state}. Received: ${this.#received.toString('latin1').slice(0, 500)}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** Sends one request on a connection of its own and reads its answer. */
export async function exchange(port: number, bytes: string | Buffer): Promise<RawResponse> {
  const client = new RawClient({ port });
  try {
    return await client.request(bytes);
  } finally {
    client.close();
  }
}
