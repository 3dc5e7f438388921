import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import fc from 'fast-check';
import { metric } from '../testing/backends.js';
import { openRaw, type RawConnection, rawRequest } from '../testing/raw-http.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';

const MIB = 1024 * 1024;
const record = JSON.stringify(GOOD_RECORD);

let api: TestApi;
let open: RawConnection[];
beforeAll(async () => {
  api = await startTestApi({ config: { requestTimeoutMs: 1000, bodiesInFlightBytes: 11 * MIB } });
  open = [];
});
afterAll(async () => {
  for (const { socket } of open) socket.destroy();
  await api.close();
});

async function connect(): Promise<RawConnection> {
  const connection = await openRaw(api.port);
  open.push(connection);
  return connection;
}

const head = (extra: Record<string, string> = {}) => ({
  Authorization: `Bearer ${api.key}`,
  'Content-Type': 'application/json',
  ...extra,
});
const post = (extra: Record<string, string> = {}, body = record, rest = '') =>
  rawRequest(`POST /datasets/${api.dataset.id}${rest}`, { headers: head(extra), body });
const codeOf = (body: string) => (JSON.parse(body) as { code: string }).code;
const accepted = () => metric(api.registry, 'loguro_ingest_accepted_records_total');
const bodiesHeld = () => metric(api.registry, 'loguro_ingest_body_bytes');

/** Fails unless the API still serves a good request, and holds nothing of the bad ones. */
async function expectWell(): Promise<void> {
  expect((await api.send({ path: `/datasets/${api.dataset.id}?dry_run=true`, body: GOOD_RECORD })).status).toBe(200);
  await waitFor(async () => (await bodiesHeld()) === 0, { what: 'all bodies to be let go' });
}

describe('a body that is too large', () => {
  test('is refused on its Content-Length, and the client sees the answer although it goes on sending', async () => {
    const connection = await connect();
    connection.socket.write(
      rawRequest(`POST /datasets/${api.dataset.id}/batch`, { headers: head({ 'Content-Length': String(40 * MIB) }) }),
    );
    const chunk = 'x'.repeat(MIB);
    for (let sent = 0; sent < 40; sent++) connection.socket.write(chunk);
    const { status, headers, body } = await connection.answer();
    expect([status, codeOf(body), headers.connection]).toEqual([413, 'payload_too_large', 'close']);
    await connection.closed();
    await expectWell();
  });

  test('is refused before it is sent, when the client asks first', async () => {
    const connection = await connect();
    const headers = head({ 'Content-Length': String(40 * MIB), Expect: '100-continue' });
    connection.socket.write(rawRequest(`POST /datasets/${api.dataset.id}`, { headers }));
    expect((await connection.answer()).status).toBe(413);
  });

  test('is refused as soon as it is, when no length was given', async () => {
    const connection = await connect();
    connection.socket.write(
      rawRequest(`POST /datasets/${api.dataset.id}`, { headers: head({ 'Transfer-Encoding': 'chunked' }) }),
    );
    for (let i = 0; i < 5; i++) connection.socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    const { status, headers } = await connection.answer();
    expect([status, headers.connection]).toEqual([413, 'close']);
    await expectWell();
  });
});

test('a client that asks first is told to go on, and then answered', async () => {
  const connection = await connect();
  const headers = head({ Expect: '100-continue', 'Content-Length': String(record.length) });
  connection.socket.write(rawRequest(`POST /datasets/${api.dataset.id}`, { headers }));
  await waitFor(() => connection.socket.bytesRead > 0, { what: '100 Continue' });
  connection.socket.write(record);
  expect((await connection.answer()).status).toBe(202);
});

test('any other expectation is refused', async () => {
  const connection = await connect();
  connection.socket.write(post({ Expect: 'miracles' }));
  expect((await connection.answer()).status).toBe(400);
});

test('a client without a good key is refused before its body, and its connection stays of use', async () => {
  const connection = await connect();
  connection.socket.write(post({ Authorization: 'Bearer nope' }));
  expect((await connection.answer()).status).toBe(401);
  connection.socket.write(post());
  expect((await connection.answer()).status).toBe(202);
});

test('requests sent one after another without waiting are answered in their order', async () => {
  const connection = await connect();
  const ids = Array.from({ length: 20 }, (_, i) => `pipelined-${i}`);
  connection.socket.write(ids.map((id, i) => post({ 'X-Request-Id': id }, i % 3 === 0 ? '{' : record)).join(''));
  for (const [i, id] of ids.entries()) {
    const { status, headers } = await connection.answer();
    expect([headers['x-request-id'], status]).toEqual([id, i % 3 === 0 ? 400 : 202]);
  }
});

test('rubbish after a good request does not become its answer', async () => {
  const before = await accepted();
  const connection = await connect();
  connection.socket.write(`${post()}RUBBISH\r\n\r\n`);
  expect((await connection.answer()).status).toBe(202);
  await connection.closed();
  expect(await accepted()).toBe(before + 1);
});

describe('a slow client', () => {
  test.each([
    ['headers', 'POST /datasets/1 HTTP/1.1\r\nHost: x\r\nX-Slow'],
    ['a body', undefined],
  ])('that stops in the middle of %s gets 408 in bounded time', async (_what, text) => {
    const connection = await connect();
    connection.socket.write(text ?? post({ 'Content-Length': '1000' }));
    const { status, headers, body } = await connection.answer(6000);
    expect([status, codeOf(body), headers.connection]).toEqual([408, 'request_timeout', 'close']);
    expect(headers['x-request-id']).toBeTruthy();
    await connection.closed();
    await expectWell();
  });

  test('that sends a byte now and then gets no more time than that', async () => {
    const connection = await connect();
    connection.socket.write(post({ 'Content-Length': '1000' }, ''));
    const drip = setInterval(() => connection.socket.write(' '), 50);
    try {
      expect((await connection.answer(6000)).status).toBe(408);
    } finally {
      clearInterval(drip);
    }
  });
});

test('requests broken off at any point leave nothing behind', async () => {
  const before = await accepted();
  const whole = post({ 'Content-Length': String(record.length + 10) }, `${record}          `);
  for (let cut = 1; cut < whole.length - 1; cut += 17) {
    const { socket } = await connect();
    await new Promise((resolve) => socket.write(whole.slice(0, cut), resolve));
    socket.destroy();
  }
  const chunked = rawRequest(`POST /datasets/${api.dataset.id}/batch`, {
    headers: head({ 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/x-ndjson' }),
  });
  for (let i = 0; i < 10; i++) {
    const { socket } = await connect();
    await new Promise((resolve) => socket.write(`${chunked}200\r\n${`${record}\n`.repeat(3)}`, resolve));
    socket.destroy();
  }
  await expectWell();
  expect(await accepted()).toBe(before);
});

test('bodies in work are bounded together: what is too much is told to come back', async () => {
  const body = ' '.repeat(6 * MIB);
  const first = await connect();
  first.socket.write(post({ 'Content-Length': String(10 * MIB) }, body, '/batch'));
  await waitFor(async () => (await bodiesHeld()) >= 6 * MIB, { what: 'the first body to be held' });
  const second = await connect();
  second.socket.write(post({ 'Content-Length': String(10 * MIB) }, body, '/batch'));
  const { status, headers, body: answer } = await second.answer();
  expect([status, codeOf(answer), headers['retry-after']]).toEqual([503, 'overloaded', '1']);
  first.socket.destroy();
  await expectWell();
});

describe('what is no good HTTP', () => {
  test.each([
    ['both lengths', { 'Content-Length': '3', 'Transfer-Encoding': 'chunked' }],
    ['a length that is no number', { 'Content-Length': 'abc' }],
    ['an unknown transfer coding', { 'Transfer-Encoding': 'gzip' }],
    ['a bad chunk', { 'Transfer-Encoding': 'chunked' }],
  ])('%s: 400 and the end of the connection', async (_what, extra) => {
    const before = await accepted();
    const connection = await connect();
    connection.socket.write(
      rawRequest(`POST /datasets/${api.dataset.id}`, {
        headers: head(extra as Record<string, string>),
        body: 'zz\r\n',
      }),
    );
    const { status, headers, body } = await connection.answer();
    expect([status, codeOf(body), headers.connection]).toEqual([400, 'invalid_request', 'close']);
    await connection.closed();
    expect(await accepted()).toBe(before);
  });

  test('headers over 16 KiB: 431', async () => {
    const connection = await connect();
    connection.socket.write(post({ 'X-Large': 'x'.repeat(20_000) }));
    const { status, body } = await connection.answer();
    expect([status, codeOf(body)]).toEqual([431, 'headers_too_large']);
  });

  test('anything at all: an answer below 500 or the end of the connection, and the API goes on', async () => {
    const before = await accepted();
    const pieces = fc.oneof(
      fc.constantFrom(
        'POST ',
        'GET ',
        'OPTIONS ',
        '/datasets/1',
        '/datasets/batch',
        ' HTTP/1.1\r\n',
        ' HTTP/1.0\r\n',
        '\r\n',
        '\r\n\r\n',
      ),
      fc.constantFrom(
        'Host: x\r\n',
        'Content-Length: 5\r\n',
        'Content-Length: -1\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Expect: 100-continue\r\n',
      ),
      fc.constantFrom(
        `Authorization: Bearer ${api.key}\r\n`,
        'Content-Type: application/json\r\n',
        'Content-Encoding: gzip\r\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
      ),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 15 }), async (parts) => {
        const connection = await connect();
        connection.socket.end(Buffer.from(parts.join(''), 'latin1'));
        // Half-closed, it has nothing more to say: the API has to end it, with or without an answer.
        const status = await connection.answer(8000).then(
          (answer) => answer.status,
          () => 0,
        );
        expect(status).toBeLessThan(500);
        await connection.closed(8000);
      }),
      { numRuns: 200 },
    );
    await expectWell();
    expect(await accepted()).toBe(before);
  });

  test('a good request with random bytes as its body: 400 with a code', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom('identity', 'gzip', 'deflate', 'br'),
        fc.constantFrom('', '/batch'),
        async (bytes, encoding, rest) => {
          const answer = await api.send({
            path: `/datasets/${api.dataset.id}${rest}`,
            body: bytes,
            headers: { 'Content-Encoding': encoding },
          });
          expect(answer.status).toBe(400);
        },
      ),
      { numRuns: 300 },
    );
    await expectWell();
  });
});
