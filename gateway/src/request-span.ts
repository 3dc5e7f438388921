import { endServerSpan, type Span, startServerSpan, type Tracing } from '@loguro/telemetry';
import type { AccessLogEntry } from './access-log.js';
import type { RequestHeaders } from './request-headers.js';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';

/**
 * Begins the span of a request, in the trace of its `traceparent` when it has a sane one.
 *
 * @param trusted whether the peer may say that its traces are to be recorded
 */
export function startRequestSpan(tracing: Tracing, { forward }: RequestHeaders, trusted: boolean): Span {
  const parent: { traceparent?: string; tracestate?: string } = {};
  for (let i = 0; i < forward.length; i += 2) {
    const value = forward[i + 1] as string;
    // Sent twice it can't be trusted (W3C Trace Context §3.2.1); joined it is malformed, which begins a new trace.
    if (forward[i] === TRACEPARENT) parent.traceparent = joined(parent.traceparent, value);
    else if (forward[i] === TRACESTATE) parent.tracestate = joined(parent.tracestate, value);
  }
  return startServerSpan(tracing, parent, { stranger: !trusted });
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`;
}

/** Makes the request's span the parent of whatever the service does with it. */
export function passSpanOn(span: Span, outgoing: string[]): void {
  let kept = 0;
  for (let i = 0; i < outgoing.length; i += 2) {
    if (outgoing[i] === TRACEPARENT || outgoing[i] === TRACESTATE) continue;
    outgoing[kept] = outgoing[i] as string;
    outgoing[kept + 1] = outgoing[i + 1] as string;
    kept += 2;
  }
  outgoing.length = kept;
  outgoing.push(TRACEPARENT, span.traceparent);
  if (span.tracestate !== undefined) outgoing.push(TRACESTATE, span.tracestate);
}

/** What the log does not tell of a request. */
export interface RequestFacts {
  protocol: 'http' | 'https';
  httpVersion: string;
  /** Attempts after the first. */
  retries: number;
}

/** Ends the span of a request; the gateway knows no routes, so its name says where the request was sent. */
export function endRequestSpan(
  span: Span,
  entry: AccessLogEntry,
  { protocol, httpVersion, retries }: RequestFacts,
): void {
  const { method, path, surface, upstream, requestId, status, reason } = entry;
  endServerSpan(
    span,
    { method, path, kind: surface, scheme: protocol, protocolVersion: httpVersion, requestId, status, code: reason },
    { 'loguro.surface': surface, 'loguro.upstream': upstream, 'loguro.retries': retries },
  );
}
