/** Shorter bodies gain too little from gzip to be worth its time. */
const COMPRESS_FROM = 1024;

/** A body as it travels. */
export interface EncodedBody {
  body: string | Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

/** Records, each already JSON, as the body of a batch; gzipped where the platform can and it pays. */
export async function encodeBody(json: string, compress: boolean): Promise<EncodedBody> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (!compress || json.length < COMPRESS_FROM || typeof CompressionStream === 'undefined') {
    return { body: json, headers };
  }
  const gzipped = new Blob([json]).stream().pipeThrough(new CompressionStream('gzip'));
  const body = new Uint8Array(await new Response(gzipped).arrayBuffer());
  return { body, headers: { ...headers, 'content-encoding': 'gzip' } };
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * A key that no other request has. Older runtimes and plain-http pages have no `crypto.randomUUID`; the key guards no
 * secret, so what `Math.random` gives will do there.
 */
export function uniqueKey(): string {
  const { crypto } = globalThis as { crypto?: { randomUUID?(): string } };
  return crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random()}-${Math.random()}`;
}
