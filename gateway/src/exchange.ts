import type { ServerResponse } from 'node:http';
import type { Span } from '@loguro/telemetry';
import { ApiError, requestIdFrom, toApiError } from '@loguro/types';
import { sendError } from './answers.js';
import { Caller } from './caller.js';
import type { ClientConnection } from './client-connection.js';
import type { GatewayContext } from './context.js';
import { crossOriginHeaders } from './cross-origin.js';
import { answerFor, codeOf, isConnectFailure, isConnectionLoss, isSafeMethod, unavailable } from './failures.js';
import { COLLECTED_BYTES, COLLECTED_TOTAL_BYTES, type GatewayRequest } from './gateway-request.js';
import { RequestBody } from './request-body.js';
import { finishRequestHeaders, type RequestHeaders, readRequestHeaders } from './request-headers.js';
import { endRequestSpan, passSpanOn, startRequestSpan } from './request-span.js';
import { checkFraming, malformed, readTarget } from './request-target.js';
import { type RelayOutcome, ResponseRelay } from './response-relay.js';
import type { Upstream } from './upstream.js';
import type { UpstreamGroup } from './upstream-group.js';

/** nginx's status for "the client went away", used in logs and metrics only. */
const CLIENT_GONE = 499;

/** How long a client may keep sending a body that has been answered already. */
const LINGER_MS = 10_000;

/** What `Allow` says to a method that no service has. */
export const ALLOWED_METHODS = 'GET, HEAD, POST, PATCH, DELETE, OPTIONS';

const NONE_TRIED: readonly Upstream[] = [];

/** One request and its answer: from the headers, over one or more attempts, to the end of the answer. */
export class Exchange implements RelayOutcome {
  readonly #context: GatewayContext;
  readonly #connection: ClientConnection;
  readonly #req: GatewayRequest;
  readonly #res: ServerResponse;
  readonly #startedAt = performance.now();
  readonly #headers: RequestHeaders;
  readonly #requestId: string;
  /** null unless traces are on. */
  readonly #span: Span | null;
  #expectsContinue: boolean;
  #group: UpstreamGroup | undefined;
  #path = '/';
  #caller: Caller | undefined;
  #outgoing: string[] = [];
  #body: Buffer | undefined;
  /** Whether the body goes to the service as it comes. */
  #streams = false;
  #stream: RequestBody | undefined;
  #streamConsumed = false;
  #collectedBytes = 0;
  #upstream: Upstream | undefined;
  /** Those that could not be reached. */
  #tried = NONE_TRIED;
  #retries = 0;
  /** Why the last attempt failed, for the log. */
  #failure: string | undefined;
  #relay: ResponseRelay | undefined;
  #over = false;

  constructor(
    context: GatewayContext,
    connection: ClientConnection,
    req: GatewayRequest,
    res: ServerResponse,
    expectsContinue: boolean,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#req = req;
    this.#res = res;
    this.#expectsContinue = expectsContinue;
    const trusted = context.isTrusted(req.socket.remoteAddress);
    this.#headers = readRequestHeaders(req.rawHeaders, trusted);
    this.#requestId = requestIdFrom(this.#headers.requestId);
    this.#span = context.tracing === null ? null : startRequestSpan(context.tracing, this.#headers, trusted);
  }

  get #peerAddress(): string {
    return this.#req.socket.remoteAddress ?? 'unknown';
  }

  /** Whether the client has sent all of it. */
  get requestComplete(): boolean {
    return this.#req.complete;
  }

  /** Routes the request and starts reading its body. */
  begin(): void {
    try {
      this.#route();
      this.#group?.checkRoom();
    } catch (thrown) {
      this.refuse(toApiError(thrown));
      return;
    }
    const { contentLength, transferEncoding } = this.#headers;
    if (transferEncoding === undefined && (contentLength === null || contentLength === 0)) {
      this.#dispatch();
    } else if (contentLength !== null && this.#mayCollect(contentLength)) {
      this.#continue();
      this.#collectedBytes = contentLength;
      this.#context.bufferedBytes += contentLength;
      this.#req.collect(contentLength, (body) => {
        this.#body = body;
        if (!this.#over) this.#dispatch();
      });
    } else {
      this.#streams = true;
      if (contentLength !== null) this.#outgoing.push('content-length', String(contentLength));
      this.#dispatch();
    }
  }

  #route(): void {
    const { httpVersion, method = '', url = '/' } = this.#req;
    checkFraming(this.#headers, httpVersion);
    const { authority, path } = readTarget(url, this.#headers, httpVersion);
    this.#path = path;
    const match = this.#context.hosts.match(authority);
    if (match === 'invalid' && authority !== '') throw malformed('The Host is not a host name.');
    if (match === 'invalid' || match === 'unknown') {
      throw new ApiError('unknown_host', 'No service answers to this host name here. Check the Host of your request.');
    }
    if (method === 'TRACE') {
      throw new ApiError('method_not_allowed', 'TRACE is not supported.', { headers: { Allow: ALLOWED_METHODS } });
    }
    this.#group = this.#context.groups[match];
    this.#caller = new Caller(this.#context, this.#connection, this.#headers, this.#peerAddress);
    this.#caller.admit(method);
    this.#outgoing = finishRequestHeaders(this.#headers, {
      authority,
      requestId: this.#requestId,
      peerAddress: this.#peerAddress,
      protocol: this.#context.protocol,
      httpVersion,
    });
    if (this.#span !== null) passSpanOn(this.#span, this.#outgoing);
  }

  #mayCollect(length: number): boolean {
    return length <= COLLECTED_BYTES && this.#context.bufferedBytes + length <= COLLECTED_TOTAL_BYTES;
  }

  /** Answers `Expect: 100-continue`: from here on the body is wanted. */
  #continue(): void {
    if (!this.#expectsContinue) return;
    this.#expectsContinue = false;
    this.#res.writeContinue();
  }

  /** Gives the request to the next upstream. */
  #dispatch(): void {
    const upstream = this.#group?.pick(this.#tried);
    if (upstream === undefined) {
      this.refuse(unavailable(), this.#failure);
      return;
    }
    if (this.#retries > 0) this.#context.metrics.retried();
    this.#upstream = upstream;
    this.#stream = this.#streams ? this.#openStream() : undefined;
    const relay = new ResponseRelay(this.#res, this.#requestId, upstream, this);
    this.#relay = relay;
    upstream.pool.dispatch(
      {
        path: this.#path,
        method: this.#req.method as string,
        headers: this.#outgoing,
        body: this.#stream ?? this.#body ?? null,
      },
      relay,
    );
  }

  #openStream(): RequestBody {
    return new RequestBody(this.#req, () => {
      this.#streamConsumed = true;
      this.#continue();
    });
  }

  answering(status: number, credentialIsGood: boolean): void {
    this.#caller?.learn(status, credentialIsGood, this.#req.method as string, (this.#group as UpstreamGroup).surface);
    // A refusal while the client still sends: more of its body would only be thrown away over there.
    if (status >= 400 && this.#stream !== undefined && !this.#req.complete) this.#stream.hold();
    this.#closeIfNeeded();
  }

  /** Tells the client when its connection can't be used again. */
  #closeIfNeeded(): void {
    // A client that was not asked for its body may send it or not; what comes next could be either.
    if (this.#context.draining || this.#expectsContinue) this.#res.shouldKeepAlive = false;
  }

  answered(status: number): void {
    this.#settle(status, undefined);
  }

  failed(error: Error, sent: boolean): void {
    const upstream = this.#upstream as Upstream;
    const code = codeOf(error);
    this.#failure = code;
    this.#context.metrics.upstreamFailed(upstream.origin, code);
    if (!sent && isConnectFailure(error)) upstream.markDown(code);
    if (this.#mayRetry(error, sent)) {
      // An upstream that merely dropped a connection may be asked again; one that refused it may not.
      if (!sent) this.#tried = [...this.#tried, upstream];
      this.#retries += 1;
      this.#dispatch();
    } else {
      this.refuse(answerFor(error, sent), code);
    }
  }

  /**
   * Whether the request may be sent again: when nothing of it can have arrived and its body is still whole, or when
   * it changes nothing and its connection was closed before an answer.
   */
  #mayRetry(error: Error, sent: boolean): boolean {
    if (this.#streamConsumed) return false;
    if (!sent) return isConnectFailure(error);
    return this.#retries === 0 && isSafeMethod(this.#req.method as string) && isConnectionLoss(error);
  }

  brokeOff(error: Error, status: number): void {
    this.#context.metrics.upstreamFailed(this.#upstream?.origin ?? 'none', codeOf(error));
    // The client can only learn from the missing end that the answer is not whole.
    this.#res.destroy();
    this.#settle(status, codeOf(error));
  }

  /** Ends the exchange with an error of the gateway's own, unless its answer has begun. */
  refuse(error: ApiError, reason: string = error.code): void {
    if (this.#over) return;
    this.#relay?.abort(error);
    if (this.#res.headersSent) {
      this.#res.destroy();
    } else {
      this.#closeIfNeeded();
      if (error.headers.Connection === 'close') this.#res.shouldKeepAlive = false;
      const isIngest = this.#group?.surface === 'ingest';
      sendError(this.#res, error, this.#requestId, isIngest ? crossOriginHeaders(this.#headers) : {});
    }
    this.#settle(error.status, reason);
  }

  /** To be called when the client's connection is closed. */
  clientGone(): void {
    if (this.#over) return;
    this.#relay?.abort(new Error('The client went away.'));
    this.#settle(CLIENT_GONE, 'client_gone');
  }

  #settle(status: number, reason: string | undefined): void {
    this.#over = true;
    const { metrics, accessLog } = this.#context;
    this.#context.bufferedBytes -= this.#collectedBytes;
    this.#collectedBytes = 0;
    this.#body = undefined;
    const durationMs = performance.now() - this.#startedAt;
    metrics.requests.record(this.#group?.surface ?? 'none', status, durationMs / 1000);
    const logged = accessLog.wants(status);
    if (logged || this.#span !== null) this.#tell(status, durationMs, reason, logged);
    if (!this.#req.complete) this.#discardRest();
    this.#connection.done(this, this.#res.shouldKeepAlive);
  }

  /** Reads what the client still sends, for a while: cutting it off at once would destroy the answer on its way. */
  #discardRest(): void {
    const { socket } = this.#req;
    this.#req.resume();
    setTimeout(() => {
      if (!this.#req.complete) socket.destroy();
    }, LINGER_MS).unref();
  }

  #tell(status: number, durationMs: number, reason: string | undefined, logged: boolean): void {
    const entry = {
      requestId: this.#requestId,
      method: this.#req.method ?? '',
      path: this.#path.split('?', 1)[0] ?? '',
      status,
      durationMs: Math.round(durationMs * 1000) / 1000,
      surface: this.#group?.surface,
      upstream: this.#upstream?.origin,
      clientAddress: this.#caller?.address ?? this.#peerAddress,
      trace_id: this.#span?.traceId,
      reason,
    };
    if (logged) this.#context.accessLog.write(entry);
    if (this.#span === null) return;
    const { protocol } = this.#context;
    endRequestSpan(this.#span, entry, { protocol, httpVersion: this.#req.httpVersion, retries: this.#retries });
  }
}
