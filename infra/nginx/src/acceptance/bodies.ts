import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { header } from '@loguro/gateway/testing';
import { waitFor } from '@loguro/testing';
import { useFixture } from './fixture.js';
import type { Router } from './routers.js';

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Bodies in both directions, and who goes away when. */
export function describeBodies(router: Router): void {
  const fixture = useFixture(router);
  const head = (headers: string, version = '1.1') =>
    `POST /datasets/1 HTTP/${version}\r\nHost: ingest.logu.ro\r\n${headers}\r\n\r\n`;
  const received = () => fixture.ingest.seen.map(({ body }) => sha(body));

  describe('bodies', () => {
    test.each([0, 1, 1_000, 65_536, 65_537, 3_000_000])('%d bytes with their length arrive', async (size) => {
      const body = randomBytes(size);
      const response = await fixture.send(Buffer.concat([Buffer.from(head(`Content-Length: ${size}`)), body]));
      expect(response.status).toBe(200);
      expect(received()).toEqual([sha(body)]);
    });

    test('chunks arrive, extensions and trailers or not', async () => {
      const response = await fixture.send(
        `${head('Transfer-Encoding: chunked')}5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: y\r\n\r\n`,
      );
      expect(response.status).toBe(200);
      expect(fixture.ingest.seen.map(({ body }) => body.toString())).toEqual(['hello world']);
    });

    test('a body that comes byte by byte arrives', async () => {
      const client = fixture.connect();
      for (const letter of `${head('Content-Length: 3')}abc`) await client.write(letter);
      expect((await client.response('POST')).status).toBe(200);
      expect(fixture.ingest.seen.map(({ body }) => body.toString())).toEqual(['abc']);
    });

    test.each([1, 65_537, 3_000_000])(
      'an answer of %d bytes comes back, with its length and in chunks',
      async (size) => {
        const body = randomBytes(size);
        for (const headers of [{ 'Content-Length': size }, {}]) {
          fixture.ingest.answer = (_req, res) => res.writeHead(200, headers).end(body);
          const response = await fixture.send(head('Content-Length: 0'));
          expect(sha(response.body)).toBe(sha(body));
        }
      },
    );

    test('the connection goes on after each of them', async () => {
      const client = fixture.connect();
      await client.request(`${head('Content-Length: 2')}{}`);
      await client.request(`${head('Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`);
      await client.request(Buffer.concat([Buffer.from(head('Content-Length: 200000')), Buffer.alloc(200_000)]));
      expect(fixture.ingest.seen.map(({ body }) => body.length)).toEqual([2, 2, 200_000]);
    });

    test('100 Continue comes before the body is sent', async () => {
      const client = fixture.connect();
      await client.write(head('Content-Length: 5\r\nExpect: 100-continue'));
      expect((await client.response('POST')).status).toBe(100);
      await client.write('hello');
      expect((await client.response('POST')).status).toBe(200);
    });

    test('a refusal reaches a client that still sends', async () => {
      fixture.ingest.takeOver = (req, res) => {
        req.on('error', () => {});
        req.resume();
        res.writeHead(413, { 'Content-Length': 9 });
        res.end('too large');
      };
      const client = fixture.connect();
      await client.write(head('Content-Length: 3000000'));
      await client.write(Buffer.alloc(1_000_000));
      const response = await client.response('POST');
      expect([response.status, response.body.toString()]).toEqual([413, 'too large']);
    });
  });

  describe('HTTP/1.0', () => {
    const old = (extra = '') => `GET / HTTP/1.0\r\nHost: ingest.logu.ro\r\n${extra}\r\n`;

    test('gets no chunks, and the connection ends with the answer', async () => {
      fixture.ingest.answer = (_req, res) => {
        res.write('a');
        res.end('b');
      };
      const client = fixture.connect();
      const response = await client.request(old());
      expect([response.body.toString(), response.chunked]).toEqual(['ab', false]);
      await client.closed();
    });

    test('may keep the connection when the length is known', async () => {
      const client = fixture.connect();
      expect((await client.request(old('Connection: keep-alive\r\n'))).status).toBe(200);
      expect((await client.request(old())).status).toBe(200);
      await client.closed();
    });

    test('without a host is a 421', async () => {
      const response = await fixture.send('GET / HTTP/1.0\r\n\r\n');
      expect([response.status, JSON.parse(response.body.toString()).code]).toEqual([421, 'unknown_host']);
    });
  });

  describe('a client that goes away', () => {
    test('while it waits: the service sees its connection close', async () => {
      let closed = false;
      fixture.ingest.answer = (_req, res) => {
        res.on('close', () => {
          closed = true;
        });
      };
      const client = fixture.connect();
      await client.write(head('Content-Length: 0'));
      await waitFor(() => fixture.ingest.seen.length === 1, { what: 'the request to arrive' });
      client.close();
      await waitFor(() => closed, { what: 'the service to see the connection close' });
    });

    test('while it sends: the service never takes what came for the whole', async () => {
      let broken = false;
      fixture.ingest.takeOver = (req) => {
        req.on('error', () => {});
        req.on('close', () => {
          broken = !req.complete;
        });
        req.resume();
      };
      const client = fixture.connect();
      await client.write(`${head('Content-Length: 1000000')}${'x'.repeat(300_000)}`);
      await waitFor(() => fixture.ingest.connections > 0, { what: 'the request to arrive' });
      client.close();
      await waitFor(() => broken, { what: 'the service to see the request break off' });
    });
  });

  describe('pipelining', () => {
    test('answers come in the order of the requests', async () => {
      const client = fixture.connect();
      const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: ingest.logu.ro\r\nContent-Length: 1\r\n\r\nx`;
      await client.write(['/1', '/2', '/3'].map(post).join(''));
      const urls: string[] = [];
      for (let i = 0; i < 3; i += 1) urls.push(JSON.parse((await client.response('POST')).body.toString()).url);
      expect(urls).toEqual(['/1', '/2', '/3']);
      expect(header({ headers: fixture.ingest.seen[0]?.headers ?? [] }, 'content-length')).toBe('1');
    });
  });
}
