import { LoguroError } from '../errors.js';
import { toLoguroError } from './error-answer.js';
import type { FetchAnswer, FetchInit, FetchLike } from './fetch-like.js';
import { localFetch } from './local-fetch.js';

/** How to reach the service; the same for every client. */
export interface ConnectionOptions {
  /** Where requests go; a path in it is kept as a prefix. */
  baseUrl?: string;
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
  query?: Readonly<Record<string, string | undefined>>;
  headers?: Readonly<Record<string, string | undefined>>;
  body?: string | Uint8Array<ArrayBuffer>;
  signal?: AbortSignal | undefined;
  /** Instead of the connection's. */
  timeoutMs?: number;
  keepalive?: boolean;
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
  constructor(credential: string, name: string, options: ConnectionOptions, defaultBaseUrl: string) {
    const token = typeof credential === 'string' ? credential.trim() : '';
    // fetch would throw too, with the secret in its message.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError(`${name} is empty or has characters that no credential has`);
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
  async json<Body>(call: Call): Promise<Body> {
    return this.#exchange(call, async (answer, what) => {
      const text = await answer.text();
      if (text === '') return undefined as Body;
      try {
        return JSON.parse(text) as Body;
      } catch (cause) {
        throw new LoguroError('invalid_response', `${what} was answered with something that is not JSON`, {
          status: answer.status,
          cause,
        });
      }
    });
  }

  /** Sends a request and returns as soon as a 2xx begins; its body is the caller's, and no timeout limits it. */
  async open(call: Call): Promise<FetchAnswer> {
    return this.#exchange(call, async (answer) => answer);
  }

  async #exchange<T>(call: Call, read: (answer: FetchAnswer, what: string) => Promise<T>): Promise<T> {
    const url = this.#baseUrl + call.path + toSearch(call.query);
    const what = `${call.method} ${url}`;
    const timeoutMs = call.timeoutMs ?? this.#timeoutMs;
    const controller = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutMs);
    const abort = () => controller.abort();
    if (call.signal?.aborted) abort();
    call.signal?.addEventListener('abort', abort, { once: true });
    let keepListening = false;
    try {
      const answer = await this.#fetch(url, this.#init(call, controller.signal));
      if (answer.status < 200 || answer.status > 299) throw await toLoguroError(answer, what);
      const result = await read(answer, what);
      // The body is still on its way: the caller's signal must go on reaching it.
      keepListening = result === answer;
      return result;
    } catch (cause) {
      if (cause instanceof LoguroError) throw cause;
      if (call.signal?.aborted) throw new LoguroError('aborted', `${what} was aborted by its caller`, { cause });
      if (timedOut) throw new LoguroError('timeout', `${what} was not answered within ${timeoutMs} ms`, { cause });
      throw new LoguroError('network_error', `${what} failed: ${reasonOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
      if (!keepListening) call.signal?.removeEventListener('abort', abort);
    }
  }

  #init(call: Call, signal: AbortSignal): FetchInit {
    const headers = { ...this.#headers };
    for (const [name, value] of Object.entries(call.headers ?? {})) if (value !== undefined) headers[name] = value;
    const init: FetchInit = { method: call.method, headers, signal };
    if (call.body !== undefined) init.body = call.body;
    if (call.keepalive) init.keepalive = true;
    return init;
  }
}

function needsLocalFetch(url: URL, host: string | undefined): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return (host !== undefined || url.hostname.endsWith('.localhost')) && process?.versions?.node !== undefined;
}

function toSearch(query: Call['query']): string {
  const entries = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

/** What fetch hides in `cause`: "fetch failed" helps nobody. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: { code?: string; message?: string } };
  const { code, message } = cause as { code?: string; message?: string };
  return message || code || String(error);
}
