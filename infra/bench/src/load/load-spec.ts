/** What a load generator process is to do. */
export interface LoadSpec {
  host: string;
  port: number;
  /** Keep-alive connections. */
  connections: number;
  /** The whole request, head and body, sent unchanged every time. Its answers must all have the same length. */
  request: string;
  warmupMs: number;
  measureMs: number;
  /** Requests per second, sent on schedule whatever the answers do. Absent: each connection as fast as it is answered. */
  ratePerSecond?: number;
}

/** What it saw. Latencies in milliseconds, from when a request was due. */
export interface LoadResult {
  requests: number;
  /** Answers that were not 2xx, and connections that broke. */
  errors: number;
  perSecond: number;
  p50: number;
  p99: number;
  max: number;
}
