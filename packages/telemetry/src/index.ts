export { PROTOCOLS, readTracing, SAMPLERS, type TracingConfig } from './config.js';
export { endServerSpan, type ServedRequest, startServerSpan } from './server-span.js';
export { registerSpanMetrics } from './span-metrics.js';
export { startTracing } from './start-tracing.js';
export {
  type Attributes,
  type EntryOptions,
  SHUTDOWN_MS,
  type Span,
  type SpanCounts,
  type SpanOptions,
  type SpanRole,
  type TraceContext,
  type TraceHeaders,
  type Tracing,
  type TracingOptions,
} from './tracing.js';
