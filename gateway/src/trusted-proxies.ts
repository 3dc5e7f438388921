import { BlockList, isIP } from 'node:net';

/** Words that stand for networks, so that common set-ups need no numbers. */
const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** The entries with the words replaced by the networks they stand for. */
export function expandTrustedProxies(entries: readonly string[]): string[] {
  return entries.flatMap((entry) => NAMED_NETWORKS[entry] ?? [entry]);
}

/**
 * Builds the test for "may this peer say on whose behalf it speaks?".
 *
 * @param entries addresses, networks (`10.0.0.0/8`), or the words `loopback` and `private`
 * @throws Error that names the entry at fault
 */
export function parseTrustedProxies(entries: readonly string[]): (address: string | undefined) => boolean {
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const network of expandTrustedProxies(entries)) addNetwork(list, network);
  return (address) => {
    if (address === undefined) return false;
    // A dual-stack listener shows IPv4 peers as ::ffff:10.0.0.1.
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  const widest = family === 6 ? 128 : 32;
  const bits = prefix === undefined ? widest : Number(prefix);
  const sane = prefix === undefined || (/^\d{1,3}$/.test(prefix) && bits <= widest);
  if (family === 0 || !sane || rest.length > 0)
    throw new Error(`"${network}" is not an address, a network, loopback or private`);
  list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
}
