import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Span } from '@loguro/telemetry';
import { type ApiError, requestIdFrom } from '@loguro/types';
import { SECURITY_HEADERS } from './security-headers.js';

/** How long a refused upload is still read, so that the client finds the answer and not a reset, in milliseconds. */
const LINGER_MS = 5000;
/** Bodies up to this are read to their end after an early answer, which keeps the connection of use. */
const SMALL_BODY = 64 * 1024;

const replies = new WeakMap<IncomingMessage, Reply>();

/** The reply of a request that went on to Express. */
export function replyTo(req: IncomingMessage): Reply {
  const reply = replies.get(req);
  if (reply === undefined) throw new Error('This request did not come in through the front.');
  return reply;
}

/** Remembers a reply for {@link replyTo}. */
export function rememberReply(reply: Reply): void {
  replies.set(reply.req, reply);
}

/** What all replies of a server have in common. */
export interface ReplyPolicy {
  /** Every answer from now on closes its connection. */
  closeConnections: boolean;
}

/** The answer to one request: exactly one, whoever gives it first. */
export class Reply {
  readonly #policy: ReplyPolicy;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  readonly requestId: string;
  /** The browser's origin, once it is known to be allowed, or nobody can look that up; answers then carry CORS headers. */
  origin: string | null = null;
  /** Where the key stands with its limits; null: it has none. */
  quota: (() => Record<string, string>) | null = null;
  /** The client waits for `100 Continue` before it sends its body. */
  expectsContinue = false;
  /** For logs and metrics: the error code, or `ok`. */
  outcome = 'ok';
  /** Records of the request that were at fault. */
  badRecords = 0;
  /** Of these, the ones over the size of a record. */
  oversizedRecords = 0;
  /** The answer closes its connection. */
  closes = false;
  /** The request's span; null unless traces are on. */
  span: Span | null = null;

  constructor(req: IncomingMessage, res: ServerResponse, now: number, policy: ReplyPolicy) {
    this.#policy = policy;
    this.req = req;
    this.res = res;
    this.startedAt = now;
    this.requestId = requestIdFrom(req.headers['x-request-id']);
  }

  get answered(): boolean {
    return this.res.headersSent;
  }

  /** Tells a client that waits for it to send its body (RFC 9110 §10.1.1). */
  proceed(): void {
    this.expectsContinue = false;
    this.res.writeContinue();
  }

  /** Answers with JSON text. `extra`: further header names and values, flat. */
  json(status: number, body: string, extra: readonly string[] = []): void {
    if (this.res.headersSent || this.res.destroyed) return;
    this.res.writeHead(status, this.#headers(body, extra)).end(body);
  }

  /** Answers without a body. */
  empty(status: number, headers: readonly string[]): void {
    if (this.res.headersSent || this.res.destroyed) return;
    if (this.#policy.closeConnections) this.res.shouldKeepAlive = false;
    this.res.writeHead(status, ['X-Request-Id', this.requestId, ...SECURITY_HEADERS, ...headers]).end();
  }

  /** The same as {@link Reply.fail}, from outside: whoever works on the request must stop. */
  abandon(error: ApiError): void {
    this.fail(error);
    // Node says nothing more about a request once it is answered. A callback of our own in its place
    // made V8 keep every request until the next full collection.
    this.req.emit('close');
  }

  /** Answers with an error. What is left of the body is read and thrown away, within bounds. */
  fail(error: ApiError): void {
    if (this.res.headersSent || this.res.destroyed) return;
    this.outcome = error.code;
    const body = JSON.stringify(error.toBody(this.requestId));
    const extra = Object.entries(error.headers).flat();
    extra.push('Cache-Control', 'no-store');
    if (this.req.complete || this.#isSmall()) {
      this.json(error.status, body, extra);
      // Whatever stopped the reading, the rest has to go for the next request to be found.
      this.req.resume();
      return;
    }
    extra.push('Connection', 'close');
    this.res.writeHead(error.status, this.#headers(body, extra)).write(body);
    this.#linger();
  }

  #headers(body: string, extra: readonly string[]): string[] {
    // Asked now, not when the request came: the process may have begun to stop meanwhile.
    if (this.closes || this.#policy.closeConnections) this.res.shouldKeepAlive = false;
    const headers = ['Content-Type', 'application/json; charset=utf-8', 'Content-Length'];
    headers.push(String(Buffer.byteLength(body)), 'X-Request-Id', this.requestId, ...SECURITY_HEADERS, ...extra);
    if (this.origin !== null) {
      headers.push('Access-Control-Allow-Origin', this.origin, 'Vary', 'Origin');
      headers.push('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After, RateLimit, RateLimit-Policy');
    }
    if (this.quota !== null) headers.push(...Object.entries(this.quota()).flat());
    return headers;
  }

  #isSmall(): boolean {
    const length = this.req.headers['content-length'];
    return !this.expectsContinue && length !== undefined && Number(length) <= SMALL_BODY;
  }

  /**
   * The answer is out and complete; only its end, which closes the connection, waits until the client has
   * stopped sending. Closing at once would make the kernel answer further bytes with a reset, and that can
   * overtake the answer.
   */
  #linger(): void {
    const end = () => {
      clearTimeout(timer);
      this.res.end();
    };
    const timer = setTimeout(end, LINGER_MS).unref();
    this.req.once('end', end);
    this.req.once('close', end);
    this.req.resume();
  }
}
