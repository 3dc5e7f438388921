import ipaddr from 'ipaddr.js';

/** Groups of 16 bits in an IPv6 network of 64 bits. */
const NETWORK_GROUPS = 4;

/**
 * What an address counts as: itself for IPv4, however it is written, and its /64 for IPv6, because that is the least
 * a single subscriber is given (RFC 6177 §2), and who has one has 2⁶⁴ addresses.
 */
export function addressKey(address: string): string {
  // A zone (fe80::1%eth0) names an interface of this machine.
  const plain = address.split('%', 1)[0] as string;
  if (!ipaddr.isValid(plain)) return 'unknown';
  const parsed = ipaddr.process(plain);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, NETWORK_GROUPS)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
