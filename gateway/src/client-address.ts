import { isIP } from 'node:net';

/** Where a request comes from, as far as anybody trusted has seen it. */
export interface ClientOrigin {
  /** The client's address, or that of the last trusted hop when what lies behind it isn't an address. */
  address: string;
  /** What to keep of `X-Forwarded-For`: from the client's address on. */
  forwardedFor: string | undefined;
}

/**
 * Reads `X-Forwarded-For` from its end, where the nearest proxy wrote: each trusted hop vouches for the entry before
 * its own. The first one that is not trusted is the client, and what it claims to stand in for is dropped, so
 * that no service behind us can be misled by it either.
 *
 * @param peer the other end of the connection
 * @param forwardedFor undefined unless the peer is trusted
 */
export function clientOrigin(
  peer: string,
  forwardedFor: string | undefined,
  isTrusted: (address: string | undefined) => boolean,
): ClientOrigin {
  if (forwardedFor === undefined) return { address: peer, forwardedFor };
  const entries = forwardedFor.split(',').map((entry) => entry.trim());
  let first = entries.length;
  let address = peer;
  while (first > 0 && isTrusted(address)) {
    const entry = entries[first - 1] as string;
    if (isIP(entry) === 0) break;
    address = entry;
    first -= 1;
  }
  const kept = entries.slice(first).join(', ');
  return { address, forwardedFor: kept === '' ? undefined : kept };
}
