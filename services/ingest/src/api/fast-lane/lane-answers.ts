import { STATUS_CODES } from 'node:http';
import type { ApiError } from '@loguro/types';
import { SECURITY_HEADERS } from '../security-headers.js';

/** Writes whole answers as text, one character a byte: what Node's `ServerResponse` would send, at a fraction of its cost. */
export class LaneAnswers {
  /** Headers that every answer has. */
  readonly #common: string;
  readonly #keepAlive: string;
  #date = '';
  #second = 0;

  /** @param keepAliveMs how long an idle connection is kept, in milliseconds */
  constructor(keepAliveMs: number) {
    const headers = ['Content-Type', 'application/json; charset=utf-8', ...SECURITY_HEADERS];
    this.#common = linesOf(headers);
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n`;
  }

  /** @param close the connection ends with it */
  accepted(requestId: string, body: string, close: boolean): string {
    return this.#text('202 Accepted', requestId, body, close, '');
  }

  refused(requestId: string, error: ApiError, close: boolean): string {
    const extra = linesOf([...Object.entries(error.headers).flat(), 'Cache-Control', 'no-store']);
    const body = Buffer.from(JSON.stringify(error.toBody(requestId))).toString('latin1');
    return this.#text(`${error.status} ${STATUS_CODES[error.status]}`, requestId, body, close, extra);
  }

  #text(status: string, requestId: string, body: string, close: boolean, extra: string): string {
    const connection = close ? 'Connection: close\r\n' : this.#keepAlive;
    const head = `HTTP/1.1 ${status}\r\n${this.#common}Content-Length: ${body.length}\r\nX-Request-Id: ${requestId}\r\n`;
    return `${head}Date: ${this.#now()}\r\n${connection}${extra}\r\n${body}`;
  }

  /** RFC 9110 §6.6.1; made once a second. */
  #now(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(now).toUTCString();
    }
    return this.#date;
  }
}

/** Header lines of a flat list of names and values. */
function linesOf(headers: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}
