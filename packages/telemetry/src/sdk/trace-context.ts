import { isSpanContextValid, type SpanContext } from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import type { TraceHeaders } from '../tracing.js';

/** Longest `tracestate` that is kept, in characters (W3C Trace Context §3.3.1.5 asks for at least so many). */
const TRACESTATE_LENGTH = 512;

/**
 * Reads the headers of W3C Trace Context; null when they are absent or malformed, and a new trace begins. A
 * `traceparent` that was sent twice is malformed (§3.2.1).
 */
export function readContext({ traceparent, tracestate }: TraceHeaders): SpanContext | null {
  const parsed = typeof traceparent === 'string' ? parseTraceParent(traceparent) : null;
  if (parsed === null || !isSpanContextValid(parsed)) return null;
  const context: SpanContext = { ...parsed, isRemote: true };
  const state = typeof tracestate === 'string' ? tracestate : tracestate?.join(',');
  if (state !== undefined && state !== '' && state.length <= TRACESTATE_LENGTH) {
    context.traceState = new TraceState(state);
  }
  return context;
}

/** The `traceparent` that names this span as the parent. */
export function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
