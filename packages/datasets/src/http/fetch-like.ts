/** What this package asks of a `fetch`. */
export interface FetchInit {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  signal: AbortSignal;
  /** Browsers: the request outlives the page. */
  keepalive?: boolean;
}

/** What this package reads of an answer; every `Response` fits. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}

/** The global `fetch`, or any function like it: with a proxy, with tracing, with your own TLS settings. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchAnswer>;
