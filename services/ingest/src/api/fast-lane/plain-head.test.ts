import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PlainHead, readPlainHead } from './plain-head.js';

const LINE = 'POST /datasets/13 HTTP/1.1';
const HEADERS = ['Host: ingest.localhost', 'Authorization: Bearer a.b.c', 'Content-Type: application/json'];
const text = (headers: readonly string[], line = LINE) => `${[line, ...headers].join('\r\n')}\r\n\r\n`;
const withLength = [...HEADERS, 'Content-Length: 20'];

test('the common form is read, whatever stands behind it and whatever else the client says about itself', () => {
  const head = text([...withLength, 'X-Request-Id: r-1', 'User-Agent: curl/8', 'accept:*/*', 'traceparent: 00-a-b-01']);
  expect(readPlainHead(`${head}{"timestamp":…`)).toEqual({
    headBytes: head.length,
    bodyBytes: 20,
    dataset: 13,
    authorization: 'Bearer a.b.c',
    requestId: 'r-1',
  });
});

test.each([
  [
    'names in other cases',
    ['HOST: a', 'AUTHORIZATION: Bearer a', 'content-TYPE: application/json', 'CONTENT-length: 2'],
  ],
  [
    'space around values',
    ['Host:a', 'Authorization: \t Bearer a \t', 'Content-Type:application/json', 'Content-Length: 2 '],
  ],
  ['a charset', [...withLength.slice(0, 2), 'Content-Type: application/json; charset=UTF-8', 'Content-Length: 2']],
  ['keep-alive', [...withLength, 'Connection: Keep-Alive']],
])('%s is the common form, too', (_what, headers) => {
  expect(readPlainHead(text(headers))).not.toBeNull();
});

describe('left to the server is', () => {
  test.each([
    ['another method', text(withLength, 'PUT /datasets/13 HTTP/1.1')],
    ['another path', text(withLength, 'POST /datasets/13/batch HTTP/1.1')],
    ['no dataset', text(withLength, 'POST /datasets HTTP/1.1')],
    ['a query string', text(withLength, 'POST /datasets/13?wait=stored HTTP/1.1')],
    ['an id that is none', text(withLength, 'POST /datasets/013 HTTP/1.1')],
    ['HTTP/1.0', text(withLength, 'POST /datasets/13 HTTP/1.0')],
    ['an absolute target', text(withLength, 'POST http://a/datasets/13 HTTP/1.1')],
    ['a head without its end', text(withLength).slice(0, -1)],
    ['lines that end in a line feed alone', text(withLength).replaceAll('\r\n', '\n')],
    ['a carriage return within a value', text([...withLength, 'X-A: a\rb'])],
    ['a folded header', text([...withLength, 'X-A: a\r\n b'])],
    ['a space before the colon', text([...withLength, 'X-A : a'])],
    ['a header without a name', text([...withLength, ': a'])],
    ['a byte beyond ASCII', text([...withLength, 'X-A: \xe9'])],
    ['a NUL', text([...withLength, 'X-A: \0'])],
    ['no Host', text(withLength.slice(1))],
    ['an empty Host', text(['Host:', ...withLength.slice(1)])],
    ['no credential', text(withLength.filter((line) => !line.startsWith('Auth')))],
    ['no type', text(withLength.filter((line) => !line.startsWith('Content-Type')))],
    ['another type', text([...HEADERS.slice(0, 2), 'Content-Type: application/x-ndjson', 'Content-Length: 2'])],
    ['no length', text(HEADERS)],
    ['a length with a sign', text([...HEADERS, 'Content-Length: +20'])],
    ['a length in hexadecimal', text([...HEADERS, 'Content-Length: 0x14'])],
    ['a list of lengths', text([...HEADERS, 'Content-Length: 20, 20'])],
    ['a large body', text([...HEADERS, 'Content-Length: 65537'])],
    ['Connection: close', text([...withLength, 'Connection: close'])],
    ['Connection with a list', text([...withLength, 'Connection: keep-alive, Upgrade'])],
    ...[...withLength, 'X-Request-Id: a', 'Connection: keep-alive'].map((line) => {
      const others = withLength.filter((other) => other !== line);
      return [`a second ${line.split(':')[0]}`, text([...others, line, line])];
    }),
    ...[
      'Transfer-Encoding: chunked',
      'Content-Encoding: gzip',
      'Expect: 100-continue',
      'Idempotency-Key: a',
      'Origin: https://a.example',
      'Prefer: wait=5',
      'Upgrade: websocket',
      'X-Loguro-Dataset-Id: 13',
      'TE: trailers',
      'Trailer: x',
    ].map((line) => [line, text([...withLength, line])]),
  ])('%s', (_what, head) => {
    expect(readPlainHead(head as string)).toBeNull();
  });
});

test('a line of spaces without an end costs no more than its length', () => {
  const head = text([...withLength, `X-A: a${' '.repeat(3000)}\x01`, `X-B:${' '.repeat(3000)}\x01`]);
  const startedAt = performance.now();
  for (let i = 0; i < 1000; i++) expect(readPlainHead(head.slice(0, 4096))).toBeNull();
  // Milliseconds; it was half a minute when both parts of a header could match its spaces.
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

describe("Node's parser", () => {
  let server: Server;
  let seen: IncomingMessage[];
  beforeAll(async () => {
    seen = [];
    server = createServer((req, res) => {
      seen.push(req);
      req.resume().on('end', () => res.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  /** What Node's parser makes of the bytes; null when they are no request to it. */
  async function nodes(request: string): Promise<IncomingMessage | null> {
    const before = seen.length;
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.end(request, 'latin1');
    await once(socket.resume(), 'close');
    return seen[before] ?? null;
  }

  const piece = fc.constantFrom(
    ...['Host', 'host', 'Authorization', 'Content-Type', 'Content-Length', 'X-Request-Id', 'Connection', 'X-A'],
    ...[': ', ':', ' :', ':\t', '\r\n', '\n', '\r', ' ', '20', '0', 'Bearer a', 'application/json', 'keep-alive', 'a'],
    ...['Transfer-Encoding', 'chunked', 'close', '\x7f', '\xe9', '\0', ',', ';'],
  );
  /** Heads near to the common form: a few pieces put in, taken out or repeated. */
  const heads = fc
    .tuple(
      fc.shuffledSubarray(withLength, { minLength: 3 }),
      fc.array(fc.tuple(fc.nat(300), fc.nat(3), piece), { maxLength: 3 }),
    )
    .map(([headers, edits]) =>
      edits.reduce((head, [at, cut, put]) => {
        const place = LINE.length + 2 + (at % (head.length - LINE.length));
        return head.slice(0, place) + put + head.slice(place + cut);
      }, text(headers)),
    );

  test('understands whatever is taken as the common form, and in the same way', async () => {
    const agrees = async (request: string, head: PlainHead) => {
      const node = await nodes(request + 'x'.repeat(head.bodyBytes));
      expect(node).not.toBeNull();
      expect([node?.method, node?.url, node?.headers.authorization, node?.headers['content-length']]).toEqual([
        'POST',
        `/datasets/${head.dataset}`,
        head.authorization,
        String(node?.headers['content-length']),
      ]);
      expect(Number(node?.headers['content-length'])).toBe(head.bodyBytes);
      expect(node?.headers['x-request-id']).toBe(head.requestId);
      expect(node?.headers['transfer-encoding']).toBeUndefined();
    };
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(heads, async (request) => {
        const head = readPlainHead(request);
        if (head === null) return;
        taken += 1;
        await agrees(request.slice(0, head.headBytes), head);
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});
