import { type ErrorCode, LoguroError } from '../errors.js';
import { parseJson, toLoguroError } from './error-answer.js';
import type { FetchAnswer, FetchInit, FetchLike } from './fetch-like.js';
import { localFetch } from './local-fetch.js';

/** How to reach the service; the same for every client. */
export interface ConnectionOptions {
  /** Where requests go; a path in it is kept as a prefix. */
  baseUrl?: string | undefined;
  /**
   * The `Host` header, when it must differ from the one in `baseUrl`: behind a port forward, or in tests. Node, Deno and Bun
   * only; browsers let nobody choose it.
   */
  host?: string;
  /** Used instead of the global `fetch`. */
  fetch?: FetchLike;
  /** Milliseconds one attempt may take, from the first byte sent to the last received. Default 30,000. */
  timeoutMs?: number;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
}

/** One HTTP request. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  /** A false or undefined value leaves its parameter out. */
  query?: Readonly<Record<string, string | false | undefined>>;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array<ArrayBuffer>;
  signal?: AbortSignal | undefined;
  /** Instead of the connection's. */
  timeoutMs?: number;
  keepalive?: boolean;
  /** The body is read after the answer is returned. */
  open?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** One credential at one address: sends requests, and turns everything but a 2xx into a {@link LoguroError}. */
export class Connection {
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #fetch: FetchLike;
  readonly #timeoutMs: number;

  /**
   * @param credential a PAT or a project API key; white space around it is dropped
   * @param name what the caller's option is called, for the error message
   * @throws TypeError when the credential can't be sent in a header, or `baseUrl` is no URL
   */
  constructor(credential: string | undefined, name: string, options: ConnectionOptions, defaultBaseUrl: string) {
    const token = String(credential ?? '').trim();
    // fetch would throw too, with the secret in its message.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError(`${name} is empty, or no credential`);
    const url = new URL(options.baseUrl ?? defaultBaseUrl);
    this.#baseUrl = url.href.replace(/\/+$/, '');
    this.#headers = { ...options.headers, authorization: `Bearer ${token}` };
    if (options.host !== undefined) this.#headers.host = options.host;
    this.#fetch = options.fetch ?? (needsLocalFetch(url, options.host) ? localFetch : (to, init) => fetch(to, init));
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * Sends a request and reads the whole answer as JSON.
   *
   * @returns undefined when the answer has no body (204)
   */
  json<Body>(call: Call): Promise<Body> {
    return this.#exchange(call) as Promise<Body>;
  }

  /** Sends a request and returns as soon as a 2xx begins; its body is the caller's, and no timeout limits it. */
  open(call: Call): Promise<FetchAnswer> {
    return this.#exchange({ ...call, open: true }) as Promise<FetchAnswer>;
  }

  async #exchange(call: Call): Promise<unknown> {
    const { method, body, keepalive, signal, timeoutMs = this.#timeoutMs } = call;
    const url = this.#baseUrl + call.path + toSearch(call.query);
    const what = `${method} ${url}`;
    const headers = { ...this.#headers, ...call.headers };
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, timeoutMs);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      // To fetch, a key that is undefined is not there.
      const init = { method, headers, body, keepalive, signal: controller.signal } as FetchInit;
      const answer = await this.#fetch(url, init);
      const { status } = answer;
      if (status < 200 || status > 299) throw await toLoguroError(answer, what);
      if (call.open) return answer;
      const text = await answer.text();
      const value = parseJson(text);
      if (value !== undefined || text === '') return value;
      throw new LoguroError('invalid_response', `${what} was answered, but not with JSON`, { status });
    } catch (cause) {
      if (cause instanceof LoguroError) throw cause;
      const [code, reason]: [ErrorCode, string] = signal?.aborted
        ? ['aborted', 'was aborted by its caller']
        : controller.signal.aborted
          ? ['timeout', `was not answered within ${timeoutMs} ms`]
          : ['network_error', `failed: ${reasonOf(cause)}`];
      throw new LoguroError(code, `${what} ${reason}`, { cause });
    } finally {
      clearTimeout(timer);
      // While an open body is on its way, the caller's signal must go on reaching it.
      if (!call.open) signal?.removeEventListener('abort', abort);
    }
  }
}

function needsLocalFetch(url: URL, host: string | undefined): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return (host !== undefined || url.hostname.endsWith('.localhost')) && process?.versions?.node !== undefined;
}

function toSearch(query: Call['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) parameters.set(name, value);
  const text = String(parameters);
  return text && `?${text}`;
}

/** What fetch hides in `cause`: "fetch failed" helps nobody. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  const { code, message } = cause as { code?: string; message?: string };
  return message || code || String(error);
}
