import { claimsBrowserKey } from '@loguro/types';
import type { RequestHeaders } from './request-headers.js';

/** What a page may read of an error besides its body. */
const EXPOSED = 'X-Request-Id, Retry-After';

/**
 * CORS headers for an error that the gateway answers itself on an ingest host, so that a page with a browser key can
 * tell "try later" from a network that is down. As on ingest, a server key gets none, and neither does a request without
 * a key.
 *
 * The gateway knows no keys: it takes the token's own word that it is a browser's, unverified, and any origin. A forger
 * gains an error that says nothing but how this gateway is; what a key may do is decided by ingest, behind it.
 */
export function crossOriginHeaders({ forward, authorization }: RequestHeaders): Record<string, string> {
  const at = forward.findIndex((name, index) => index % 2 === 0 && name === 'origin');
  const origin = at === -1 ? undefined : forward[at + 1];
  if (origin === undefined || !claimsBrowserKey(authorization)) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': EXPOSED,
    Vary: 'Origin',
  };
}
