import type { Logger } from 'pino';
import type { AccessLogMode } from './config.js';

/** One request, as it is logged. */
export interface AccessLogEntry {
  requestId: string;
  method: string;
  /** Without the query. */
  path: string;
  /** 499 when the client went away before its answer, as nginx has it. */
  status: number;
  durationMs: number;
  surface: string | undefined;
  upstream: string | undefined;
  clientAddress: string;
  /** Of the request's span, when traces are on. */
  trace_id: string | undefined;
  /** Why the gateway itself answered or broke off. */
  reason: string | undefined;
}

/** Writes a line for the requests that the mode selects. */
export class AccessLog {
  readonly #mode: AccessLogMode;
  readonly #logger: Logger;

  constructor(mode: AccessLogMode, logger: Logger) {
    this.#mode = mode;
    this.#logger = logger;
  }

  /** Asked first, so that nothing is gathered for a line nobody wants. */
  wants(status: number): boolean {
    return this.#mode === 'all' || (this.#mode === 'errors' && status >= 500);
  }

  write(entry: AccessLogEntry): void {
    if (entry.status >= 500) this.#logger.warn(entry, 'request failed');
    else this.#logger.info(entry, 'request');
  }
}
