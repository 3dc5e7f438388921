import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { readResponseHeaders } from './response-headers.js';
import type { Upstream } from './upstream.js';

/** What became of an attempt to get an answer. Exactly one of the last three is called, once. */
export interface RelayOutcome {
  /** The headers of the final answer have come; whatever is left of the request's body may be unwanted. */
  answering(status: number, credentialIsGood: boolean): void;
  /** The whole answer is with the client's connection. */
  answered(status: number): void;
  /** No answer; nothing was sent to the client. `sent` says whether bytes of the request may have arrived. */
  failed(error: Error, sent: boolean): void;
  /** The answer broke off after a part of it was sent to the client. */
  brokeOff(error: Error, status: number): void;
}

/** Answers up to this are held until they are whole, and then sent with their headers in one write. */
const HELD_BYTES = 64 * 1024;

/**
 * Hands one answer from undici to the client. A short answer of known length is held until it is whole:
 * it costs one write less, and one that breaks off half-way becomes a proper error. Any other is streamed,
 * no faster than the client reads.
 */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse;
  readonly #requestId: string;
  readonly #upstream: Upstream;
  readonly #outcome: RelayOutcome;
  #abort: ((error?: Error) => void) | undefined;
  #abortReason: Error | undefined;
  #status = 0;
  /** The headers to send, until they are sent. */
  #head: string[] | undefined;
  #held: Buffer[] | undefined;
  #missing = 0;
  #settled = false;

  constructor(res: ServerResponse, requestId: string, upstream: Upstream, outcome: RelayOutcome) {
    this.#res = res;
    this.#requestId = requestId;
    this.#upstream = upstream;
    this.#outcome = outcome;
    upstream.requestStarted();
  }

  /** Ends the attempt; no outcome is reported any more. */
  abort(reason: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#abortReason = reason;
    this.#abort?.(reason);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#abortReason !== undefined) abort(this.#abortReason);
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (this.#settled) return true;
    if (status < 200) return this.#inform(status, rawHeaders);
    const hasNoBody = this.#res.req.method === 'HEAD' || status === 204 || status === 304;
    const head = readResponseHeaders(rawHeaders, status === 204);
    const { forward, contentLength, hasDate, closes } = head;
    if (closes) this.#upstream.rest(status);
    forward.push('X-Request-Id', this.#requestId);
    if (hasDate) this.#res.sendDate = false;
    this.#status = status;
    this.#head = forward;
    this.#outcome.answering(status, head.credentialIsGood);
    if (hasNoBody || contentLength === 0) return true;
    if (contentLength !== null && contentLength <= HELD_BYTES) {
      this.#missing = contentLength;
      return true;
    }
    this.#missing = -1;
    this.#sendHead();
    // With the first piece of the body when that has come already, else at once: the client may be waiting for it.
    process.nextTick(() => {
      if (!this.#settled) this.#res.flushHeaders();
    });
    this.#res.on('drain', () => {
      if (!this.#settled) resume();
    });
    return true;
  }

  /** 102 and 103 are passed on; 100 never comes, as we never ask for it, and 101 undici refuses. */
  #inform(status: number, rawHeaders: Buffer[]): boolean {
    if (this.#res.req.httpVersion === '1.0') return true;
    if (status === 102) this.#res.writeProcessing();
    if (status === 103) {
      const { forward } = readResponseHeaders(rawHeaders, true);
      const hints: Record<string, string[]> = {};
      for (let i = 0; i < forward.length; i += 2) {
        const name = (forward[i] as string).toLowerCase();
        hints[name] = [...(hints[name] ?? []), forward[i + 1] as string];
      }
      if (hints.link !== undefined) this.#res.writeEarlyHints({ ...hints, link: hints.link });
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#settled) return true;
    if (this.#missing === -1) return this.#res.write(chunk);
    if (this.#held === undefined && chunk.length === this.#missing) {
      this.#finish(chunk);
      return true;
    }
    this.#held ??= [];
    this.#held.push(chunk);
    this.#missing -= chunk.length;
    if (this.#missing === 0) this.#finish(Buffer.concat(this.#held));
    return true;
  }

  onComplete(): void {
    this.#upstream.requestEnded();
    if (!this.#settled) this.#finish(undefined);
  }

  #finish(body: Buffer | undefined): void {
    this.#settled = true;
    this.#sendHead();
    if (body === undefined) this.#res.end();
    // As a string Node joins it with the headers into one buffer; as bytes it would be a vectored write.
    else this.#res.end(body.toString('latin1'), 'latin1');
    this.#outcome.answered(this.#status);
  }

  #sendHead(): void {
    if (this.#head === undefined) return;
    this.#res.writeHead(this.#status, this.#head);
    this.#head = undefined;
  }

  /** Also called after {@link abort}: only then is undici done with the request. */
  onError(error: Error): void {
    this.#upstream.requestEnded();
    if (this.#settled) return;
    this.#settled = true;
    if (this.#status !== 0 && this.#head === undefined) this.#outcome.brokeOff(error, this.#status);
    else this.#outcome.failed(error, this.#abort !== undefined);
  }
}
