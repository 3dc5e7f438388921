import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { FetchLike } from '@loguro/datasets';
import { EnvHttpProxyAgent, fetch } from 'undici';

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
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxies.httpProxy ?? '',
    httpsProxy: proxies.httpsProxy ?? proxies.httpProxy ?? '',
    // A name that only this machine has means nothing to a proxy.
    noProxy: [proxies.noProxy, 'localhost,.localhost,127.0.0.1,[::1]'].filter(Boolean).join(','),
    connect: { lookup: lookupLocalhost },
  });
  const transport: FetchLike = (url, init) => fetch(url, { ...init, dispatcher });
  return Object.assign(transport, { close: () => dispatcher.destroy() });
}

const lookupLocalhost: LookupFunction = (name, options, done) => {
  lookup(/(^|\.)localhost$/i.test(name) ? 'localhost' : name, options, done);
};
