import { describe, expect, test } from '@jest/globals';
import { useFixture } from './fixture.js';
import type { Router } from './routers.js';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: logu.ro\r\n\r\n';
const post = (headers: string, body = '') => `POST /a HTTP/1.1\r\nHost: logu.ro\r\n${headers}\r\n\r\n${body}`;
const CHUNKED = 'Transfer-Encoding: chunked';

/** Requests that two readers could take for different ones. Each must be refused, and its connection closed. */
const AMBIGUOUS: readonly [name: string, bytes: string][] = [
  ['Content-Length and Transfer-Encoding', post(`Content-Length: 4\r\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`)],
  ['Transfer-Encoding and Content-Length', post(`${CHUNKED}\r\nContent-Length: 6`, `0\r\n\r\n${SMUGGLED}`)],
  ['two lengths that differ', post('Content-Length: 0\r\nContent-Length: 44', SMUGGLED)],
  ['two lengths in one header', post('Content-Length: 0, 44', SMUGGLED)],
  ['a negative length', post('Content-Length: -1', SMUGGLED)],
  ['a signed length', post('Content-Length: +0', SMUGGLED)],
  ['a length in hexadecimal', post('Content-Length: 0x0', SMUGGLED)],
  ['a length with a space inside', post('Content-Length: 0 4', SMUGGLED)],
  ['a length past 2^64', post('Content-Length: 18446744073709551616', SMUGGLED)],
  ['an empty length', post('Content-Length:', SMUGGLED)],
  ['a coding that only looks like chunked', post('Transfer-Encoding: xchunked', `0\r\n\r\n${SMUGGLED}`)],
  ['a coding with a vertical tab', post('Transfer-Encoding: \x0bchunked', `0\r\n\r\n${SMUGGLED}`)],
  ['chunked not last', post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${SMUGGLED}`)],
  ['chunked twice', post('Transfer-Encoding: chunked, chunked', `0\r\n\r\n${SMUGGLED}`)],
  ['chunked in two headers', post(`${CHUNKED}\r\nTransfer-Encoding: identity`, `0\r\n\r\n${SMUGGLED}`)],
  ['another coding before chunked', post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${SMUGGLED}`)],
  ['a space before the colon', post('Transfer-Encoding : chunked', `0\r\n\r\n${SMUGGLED}`)],
  ['a space before the colon of a length', post('Content-Length : 44', SMUGGLED)],
  ['a chunk size that is no number', post(CHUNKED, `Z\r\n\r\n${SMUGGLED}`)],
  ['a negative chunk size', post(CHUNKED, `-1\r\n\r\n${SMUGGLED}`)],
  ['a chunk size with 0x', post(CHUNKED, `0x5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`)],
  ['a chunk size past 2^64', post(CHUNKED, `10000000000000005\r\nhello\r\n0\r\n\r\n${SMUGGLED}`)],
  ['a chunk longer than its size', post(CHUNKED, `3\r\nhello\r\n0\r\n\r\n${SMUGGLED}`)],
  ['a NUL in a header', post('X-A: a\0b\r\nContent-Length: 0', SMUGGLED)],
  ['a bare CR in a header', post('X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: 0', SMUGGLED)],
  ['Transfer-Encoding in HTTP/1.0', post(CHUNKED, `0\r\n\r\n${SMUGGLED}`).replace('HTTP/1.1', 'HTTP/1.0')],
  ['two Host headers', `GET /a HTTP/1.1\r\nHost: logu.ro\r\nHost: ingest.logu.ro\r\n\r\n`],
  ['two equal Host headers', `GET /a HTTP/1.1\r\nHost: logu.ro\r\nhost: logu.ro\r\n\r\n`],
  ['no Host header', 'GET /a HTTP/1.1\r\nX: y\r\n\r\n'],
  ['no Host header and an absolute target', 'GET http://logu.ro/a HTTP/1.1\r\nX: y\r\n\r\n'],
  ['a Host that is no host', 'GET /a HTTP/1.1\r\nHost: logu.ro/x\r\n\r\n'],
  ['a target that is no target', 'GET a HTTP/1.1\r\nHost: logu.ro\r\n\r\n'],
  ['the target *', 'GET * HTTP/1.1\r\nHost: logu.ro\r\n\r\n'],
  ['a version that does not exist', 'GET /a HTTP/9.9\r\nHost: logu.ro\r\n\r\n'],
  ['no version', 'GET /a\r\nHost: logu.ro\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: logu.ro\r\n\r\n'],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['what is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(20)],
];

/** What may be understood in one way only, but must be understood so. */
export function describeSmuggling(router: Router): void {
  const fixture = useFixture(router);
  const seen = () => fixture.control.seen.concat(fixture.ingest.seen).map(({ method, url }) => `${method} ${url}`);

  describe('a request with', () => {
    test.each(AMBIGUOUS)('%s is refused, and nothing behind it is taken for a request', async (_name, bytes) => {
      const client = fixture.connect();
      await client.write(bytes);
      const answers = await client.closed();
      // nginx answers HTTP/0.9 without a status line.
      const statuses = [...answers.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
      expect(statuses.length).toBeLessThan(2);
      for (const status of statuses) expect([400, 405]).toContain(status);
      if (statuses.length > 0) expect(answers).toMatch(/"code":"(invalid_request|method_not_allowed)"/);
      expect(answers).not.toMatch(/smuggled/);
      // What was framed well before the fault may have been on its way; what follows it never.
      expect(seen().filter((request) => request !== 'POST /a')).toEqual([]);
      expect((await fixture.send('GET /alive HTTP/1.1\r\nHost: logu.ro\r\n\r\n')).status).toBe(200);
    });
  });

  test('a header folded over lines never smuggles the second line in', async () => {
    const client = fixture.connect();
    await client.write(
      `GET /a HTTP/1.1\r\nHost: logu.ro\r\nX-A: one\r\n Transfer-Encoding: chunked\r\n\r\n${SMUGGLED}`,
    );
    const { status } = await client.response();
    for (const { headers } of fixture.control.seen) {
      expect(headers.map(([name]) => name)).not.toContain('transfer-encoding');
      expect(headers.find(([name]) => name === 'x-a')?.[1]).toMatch(/^one( +Transfer-Encoding: chunked)?$/);
    }
    // Read as one header, what follows is an honest second request; refused, it is nothing.
    if (status >= 400) {
      await client.closed();
      expect(seen()).toEqual([]);
    }
  });

  test('equal lengths sent twice are one length or refused, never none', async () => {
    const client = fixture.connect();
    const { status } = await client.request(post('Content-Length: 5\r\nContent-Length: 5', 'hello'));
    if (status === 200) expect(fixture.control.seen[0]?.body.toString()).toBe('hello');
    else expect(seen()).toEqual([]);
  });

  test('a body on GET is a body, not a request', async () => {
    const client = fixture.connect();
    const body = SMUGGLED;
    await client.request(`GET /a HTTP/1.1\r\nHost: logu.ro\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await client.request('GET /b HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
    expect(seen()).toEqual(['GET /a', 'GET /b']);
  });

  test('line ends in encoded form stay encoded', async () => {
    await fixture.send('GET /a%0d%0aX-Injected:%201 HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
    expect(seen()).toEqual(['GET /a%0d%0aX-Injected:%201']);
    expect(fixture.control.seen[0]?.headers.map(([name]) => name)).not.toContain('x-injected');
  });
}
