import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Attributes, Span, SpanOptions } from '../tracing.js';
import { isSampled } from './sampling.js';
import { readContext, writeTraceparent } from './trace-context.js';

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Begins a span within the given context. */
export function startSpan(tracer: Tracer, name: string, context: Context, options: SpanOptions): Span {
  const { role, attributes = {}, links = [], startedAt } = options;
  const span = tracer.startSpan(
    name,
    {
      kind: KINDS[role],
      attributes,
      links: links.flatMap(toLink),
      ...(startedAt !== undefined && { startTime: startedAt }),
    },
    context,
  );
  return new RunningSpan(tracer, span);
}

function toLink(traceparent: string): Link[] {
  const context = readContext({ traceparent });
  return context === null ? [] : [{ context }];
}

class RunningSpan implements Span {
  readonly #tracer: Tracer;
  readonly #span: SdkSpan;

  constructor(tracer: Tracer, span: SdkSpan) {
    this.#tracer = tracer;
    this.#span = span;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get traceparent(): string {
    return writeTraceparent(this.#span.spanContext());
  }

  get tracestate(): string | undefined {
    const state = this.#span.spanContext().traceState?.serialize();
    return state === '' ? undefined : state;
  }

  get recorded(): boolean {
    return isSampled(this.#span.spanContext());
  }

  child(name: string, options: SpanOptions): Span {
    const context = trace.setSpanContext(ROOT_CONTEXT, this.#span.spanContext());
    return startSpan(this.#tracer, name, context, options);
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  set(attributes: Attributes): void {
    for (const name of Object.keys(attributes)) {
      const value = attributes[name];
      if (value !== undefined) this.#span.setAttribute(name, value);
    }
  }

  end(error?: string): void {
    if (error !== undefined && this.#span.isRecording()) {
      this.#span.setAttribute('error.type', error);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    if (this.#span.isRecording()) this.#span.end();
  }
}
