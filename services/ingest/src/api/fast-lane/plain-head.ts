import type { IncomingHttpHeaders } from 'node:http';

/** What the head of a request of the common form says. */
export interface PlainHead {
  /** Of the request line and headers, the empty line included, in bytes. */
  headBytes: number;
  /** In bytes. */
  bodyBytes: number;
  dataset: number;
  authorization: string;
  requestId: string | undefined;
}

/** A longer head is none of the common form, in bytes. */
export const MAX_PLAIN_HEAD = 4096;
/** Nor is a longer body, in bytes: what it costs is not in its head. */
const MAX_PLAIN_BODY = 64 * 1024;

const REQUEST_LINE = /^POST \/datasets\/([1-9]\d{0,8}) HTTP\/1\.1\r\n/;
/**
 * A header as RFC 9112 §5 has it, of visible ASCII alone. A value does not begin with the whitespace before it: were both to
 * match it, a line of spaces without an end would be tried in as many ways as its length squared.
 */
const HEADER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e][\x20-\x7e\t]*)?)\r\n/y;
const LENGTH = /^\d{1,5}$/;
const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;

/** Headers that are read here; each may come once. */
const READ = new Set(['authorization', 'connection', 'content-length', 'content-type', 'host', 'x-request-id']);
/** Headers that ask for something else than the common form. All others mean nothing to ingest. */
const FOREIGN = new Set([
  'content-encoding',
  'expect',
  'idempotency-key',
  'origin',
  'prefer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-loguro-dataset-id',
]);

/** Whether a request asks for something else than the common form, by its headers. */
export function asksForMore(headers: IncomingHttpHeaders): boolean {
  for (const name of FOREIGN) if (headers[name] !== undefined) return true;
  return false;
}

/**
 * Reads the head of a `POST /datasets/13` that could not be plainer: HTTP/1.1, a JSON body of known and small length, a
 * bearer credential, and nothing that asks for more.
 *
 * @param text begins with the request, one character a byte; may go on behind the head
 * @returns null for everything else, well-formed or not. What is taken here, Node's parser would understand in the same way
 */
export function readPlainHead(text: string): PlainHead | null {
  const line = REQUEST_LINE.exec(text);
  if (line === null) return null;
  const seen: Record<string, string> = {};
  let end = line[0].length;
  HEADER.lastIndex = end;
  for (let header = HEADER.exec(text); header !== null; header = HEADER.exec(text)) {
    end = HEADER.lastIndex;
    const name = (header[1] as string).toLowerCase();
    if (FOREIGN.has(name)) return null;
    if (!READ.has(name)) continue;
    if (seen[name] !== undefined) return null;
    seen[name] = (header[2] as string).trimEnd();
  }
  if (!text.startsWith('\r\n', end)) return null;
  const { host, authorization, connection = 'keep-alive', 'content-type': type, 'content-length': length } = seen;
  if (!host || authorization === undefined || type === undefined || !JSON_TYPE.test(type)) return null;
  if (connection.toLowerCase() !== 'keep-alive' || length === undefined || !LENGTH.test(length)) return null;
  const bodyBytes = Number(length);
  if (bodyBytes > MAX_PLAIN_BODY) return null;
  return { headBytes: end + 2, bodyBytes, dataset: Number(line[1]), authorization, requestId: seen['x-request-id'] };
}
