import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type FetchLike, LoguroError } from '@loguro/datasets';

/** Proxies as the usual variables name them. */
export interface ProxyConfig {
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  noProxy: string | undefined;
}

/**
 * The `fetch` that the SDK's clients are given: it goes through the proxy that the environment names, which Node's
 * own does not, and finds `*.localhost` (RFC 6761: always loopback), which Node's resolver may not.
 */
export function createTransport(proxies: ProxyConfig): FetchLike & { close(): Promise<void> } {
  let connected: Promise<{ send: FetchLike; destroy(): Promise<void> }> | undefined;
  const transport: FetchLike = async (url, init) => {
    // Commands that ask nobody start without it.
    connected ??= connect(proxies);
    return (await connected).send(url, init);
  };
  return Object.assign(transport, { close: async () => (await connected)?.destroy() });
}

async function connect({ httpProxy = '', httpsProxy = httpProxy, noProxy }: ProxyConfig) {
  const { EnvHttpProxyAgent, fetch } = await import('./proxied-fetch.js');
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy,
    httpsProxy,
    // A name that only this machine has means nothing to a proxy.
    noProxy: [noProxy, 'localhost,.localhost,127.0.0.1,[::1]'].filter(Boolean).join(','),
    connect: { lookup: lookupLocalhost },
  });
  const send: FetchLike = async (url, init) => {
    try {
      return await fetch(url, { ...init, dispatcher });
    } catch (error) {
      const cause = reasonOf(error);
      const refusal = refusalOf(cause);
      if (refusal === undefined) throw new TypeError('fetch failed', { cause });
      // Told at once unless its status says that it may pass: the SDK would go on trying otherwise.
      const { status, sentence } = refusal;
      throw new LoguroError('network_error', `${init.method} ${url} failed: ${sentence}`, { status, cause });
    }
  };
  return { send, destroy: () => dispatcher.destroy() };
}

/** What really happened, which fetch wraps up twice when it was the proxy. */
function reasonOf(error: unknown): unknown {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  return reason;
}

/** What the proxy said instead of connecting. */
function refusalOf(reason: unknown): { status: number; sentence: string } | undefined {
  const [, digits] = /Proxy response \((\d+)\)/.exec(String(reason)) ?? [];
  if (digits === undefined) return undefined;
  const status = Number(digits);
  const why = status === 407 ? ': it asks for credentials, as in http://user:password@host:port' : '';
  return { status, sentence: `the proxy answered ${status}${why}` };
}

const lookupLocalhost: LookupFunction = (name, options, done) => {
  lookup(/(^|\.)localhost$/i.test(name) ? 'localhost' : name, options, done);
};
