/** Values of attributes; undefined leaves the attribute out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What part a span has in its exchange, as OpenTelemetry names it. */
export type SpanRole = 'server' | 'client' | 'producer' | 'consumer';

/** The place of a span in its trace, in the words of W3C Trace Context. */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>` */
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** A caller's headers, names in lower case; those of W3C Trace Context are looked at. */
export type TraceHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Options of a new span. */
export interface SpanOptions {
  role: SpanRole;
  attributes?: Attributes;
  /** `traceparent`s of spans that led to this one without being its parent; those that can't be read are left out. */
  links?: readonly string[];
  /** Milliseconds since the epoch; now unless given. */
  startedAt?: number;
}

/** Options of a span whose parent, if it has one, is of another process. */
export interface EntryOptions extends SpanOptions {
  /**
   * The caller is a stranger: its trace goes on, but whether this part of it is recorded is decided here, as for a
   * request without a trace. Otherwise anybody could have everything recorded, or nothing. Default false.
   */
  stranger?: boolean;
}

/** One timed piece of work. It never carries a body, a header's value or a credential. */
export interface Span extends TraceContext {
  readonly traceId: string;
  /** Whether it will be exported; sampling decided that when it began. */
  readonly recorded: boolean;
  /** Begins a span within this one. */
  child(name: string, options: SpanOptions): Span;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Ends it; with an error's code, as failed. Only the first call counts. */
  end(error?: string): void;
}

/** Recorded spans of a process by what became of them; those that still wait are not in here. */
export interface SpanCounts {
  /** The receiver took them. */
  exported: number;
  /** Tried in vain, and given up. */
  failed: number;
  /** Not even tried, because too many waited already. */
  dropped: number;
}

/** The source of spans of one process. */
export interface Tracing {
  /** Since the process started. */
  readonly spans: Readonly<SpanCounts>;
  /**
   * Begins a span.
   *
   * @param parent where it belongs, as the caller's headers have it; anything malformed begins a new trace
   */
  start(name: string, parent: TraceHeaders | null, options: EntryOptions): Span;
  /** Sends what is not sent yet, for at most {@link SHUTDOWN_MS}; never rejects. */
  shutdown(): Promise<void>;
}

/** Options of {@link startTracing}. */
export interface TracingOptions {
  /** The process's name, as in its logs; `OTEL_SERVICE_NAME` has precedence. */
  service: string;
  /** Told when traces get lost, and when they arrive again. */
  log: (message: string, fields: Record<string, unknown>) => void;
}

/** How long a stopping process waits for the receiver of its traces, in milliseconds. */
export const SHUTDOWN_MS = 2000;
