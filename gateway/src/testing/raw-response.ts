/** An answer as it came over the wire. */
export interface RawResponse {
  status: number;
  httpVersion: string;
  /** Names in lower case, in the order sent, repeated ones included. */
  headers: [name: string, value: string][];
  body: Buffer;
  /** Bytes it took, head included. */
  length: number;
  /** Whether the body came in chunks. */
  chunked: boolean;
}

/**
 * Reads one answer from the front of what was received.
 *
 * @param ended whether the connection is closed: then a body without a length is whole
 * @returns null when it is not all there yet
 */
export function readResponse(received: Buffer, method: string, ended: boolean): RawResponse | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [statusLine = '', ...lines] = received.subarray(0, headEnd).toString('latin1').split('\r\n');
  const parsed = /^HTTP\/(\d\.\d) (\d{3})/.exec(statusLine);
  if (parsed === null) throw new Error(`This is no status line: ${statusLine}`);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const status = Number(parsed[2]);
  const response: RawResponse = {
    status,
    httpVersion: parsed[1] ?? '',
    headers,
    body: Buffer.alloc(0),
    length: headEnd + 4,
    chunked: header({ headers }, 'transfer-encoding') === 'chunked',
  };
  const hasBody = method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
  return hasBody ? withBody(response, received.subarray(headEnd + 4), ended) : response;
}

/** The value of a header, or undefined; @throws Error when it was sent more than once. */
export function header(response: { headers: [string, string][] }, name: string): string | undefined {
  const values = response.headers.filter(([key]) => key === name).map(([, value]) => value);
  if (values.length > 1) throw new Error(`${name} was sent ${values.length} times`);
  return values[0];
}

function withBody(response: RawResponse, rest: Buffer, ended: boolean): RawResponse | null {
  if (response.chunked) return withChunks(response, rest);
  const length = header(response, 'content-length');
  if (length === undefined) {
    return ended ? { ...response, body: rest, length: response.length + rest.length } : null;
  }
  const bytes = Number(length);
  if (rest.length < bytes) return null;
  return { ...response, body: rest.subarray(0, bytes), length: response.length + bytes };
}

function withChunks(response: RawResponse, rest: Buffer): RawResponse | null {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return null;
    if (size === 0) return { ...response, body: Buffer.concat(chunks), length: response.length + next };
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
