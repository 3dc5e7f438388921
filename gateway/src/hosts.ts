/** What the gateway can route to. */
export type Surface = 'control' | 'ingest';

/** A DNS name, an IPv4 address or a bracketed IPv6 address, without a port (RFC 3986 §3.2.2, the part that HTTP uses). */
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/;
const PORT = /:\d{0,5}$/;

/**
 * The name in a `Host` header or a configured list, in the one form used for comparing: lower case, no port,
 * no trailing dot (`Logu.Ro.:8080` is `logu.ro`).
 *
 * @returns null when the text is no host at all
 */
export function normaliseHost(text: string): string | null {
  let host = text.toLowerCase().replace(PORT, '');
  if (host.endsWith('.')) host = host.slice(0, -1);
  return host.length <= 255 && HOST_NAME.test(host) ? host : null;
}

/** What a `Host` header stands for: a surface, a host that is not ours, or no host name at all. */
export type HostMatch = Surface | 'unknown' | 'invalid';

/** Remembered spellings of `Host`; past it the memory starts afresh, so that a stranger can't grow it. */
const REMEMBERED_SPELLINGS = 1000;

/** Looks up the surface of a `Host` header. */
export class HostTable {
  readonly #surfaces = new Map<string, Surface>();
  readonly #spellings = new Map<string, HostMatch>();

  /** @throws Error when a host is on both lists or is not a host name */
  constructor(lists: Readonly<Record<Surface, readonly string[]>>) {
    for (const surface of ['control', 'ingest'] as const) {
      for (const text of lists[surface]) {
        const host = normaliseHost(text);
        if (host === null) throw new Error(`"${text}" is not a host name`);
        const taken = this.#surfaces.get(host);
        if (taken !== undefined && taken !== surface) throw new Error(`"${host}" is on both host lists`);
        this.#surfaces.set(host, surface);
      }
    }
  }

  /** @param header the value of `Host` as it was sent */
  match(header: string): HostMatch {
    const known = this.#spellings.get(header);
    if (known !== undefined) return known;
    const host = normaliseHost(header);
    const match = host === null ? 'invalid' : (this.#surfaces.get(host) ?? 'unknown');
    // Only our own hosts are worth remembering: strangers' are as many as they like.
    if (match === 'control' || match === 'ingest') {
      if (this.#spellings.size >= REMEMBERED_SPELLINGS) this.#spellings.clear();
      this.#spellings.set(header, match);
    }
    return match;
  }
}
