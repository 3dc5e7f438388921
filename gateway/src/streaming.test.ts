import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import {
  exchange,
  header,
  INGEST_HOST,
  RawClient,
  StandIn,
  startGateway,
  startRawStandIn,
  type TestGateway,
} from './testing/index.js';

let service: StandIn;
let gateway: TestGateway;

beforeEach(async () => {
  service = new StandIn();
  await service.listen();
  gateway = await startGateway({ controlUpstreams: [service.origin], ingestUpstreams: [service.origin] });
});

afterEach(async () => {
  await gateway.close();
  await service.close();
});

const head = (headers: string) => `POST /datasets/1/batch HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n${headers}\r\n\r\n`;
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** More than any buffer on the way holds. */
const MUCH = 256 * 1024 * 1024;

describe('backpressure', () => {
  test('an answer nobody reads stops the service, not the memory', async () => {
    let taken = 0;
    service.takeOver = (_req, res) => {
      res.writeHead(200);
      const piece = Buffer.alloc(64 * 1024);
      const pour = () => {
        while (taken < MUCH) {
          taken += piece.length;
          if (!res.write(piece)) {
            res.once('drain', pour);
            return;
          }
        }
      };
      pour();
    };
    const client = new RawClient({ port: gateway.port });
    client.socket.pause();
    await client.write(head('Content-Length: 0'));
    let before = -1;
    await waitFor(
      () => {
        const still = taken > 0 && taken === before;
        before = taken;
        return still;
      },
      { what: 'the service to be stopped', intervalMs: 250 },
    );
    // The rest is in the sockets' buffers of the kernel: some megabytes on loopback.
    expect(taken).toBeLessThan(64 * 1024 * 1024);
    client.close();
  });

  test('a body the service does not read stops the client', async () => {
    let arrived = 0;
    service.takeOver = (req) => {
      req.once('data', (chunk: Buffer) => {
        arrived += chunk.length;
        req.pause();
      });
    };
    const client = new RawClient({ port: gateway.port });
    await client.write(head(`Content-Length: ${MUCH}`));
    const piece = Buffer.alloc(1024 * 1024);
    while (client.socket.write(piece) || client.socket.writableLength < 64 * 1024 * 1024) {
      if (client.socket.bytesWritten > MUCH) break;
    }
    let before = -1;
    const flushed = () => client.socket.bytesWritten - client.socket.writableLength;
    await waitFor(
      () => {
        const still = arrived > 0 && flushed() === before;
        before = flushed();
        return still;
      },
      { what: 'the client to be stopped', intervalMs: 250 },
    );
    expect(flushed()).toBeLessThan(48 * 1024 * 1024);
    client.close();
  });
});

describe('bodies', () => {
  const SIZES = [1, 1000, 64 * 1024, 64 * 1024 + 1, 5_000_000];

  test.each(SIZES)('a body of %d bytes with its length arrives as it was sent, length included', async (size) => {
    const body = randomBytes(size);
    const response = await exchange(gateway.port, Buffer.concat([Buffer.from(head(`Content-Length: ${size}`)), body]));
    expect(response.status).toBe(200);
    const [seen] = service.seen;
    expect(seen?.headers).toContainEqual(['content-length', String(size)]);
    expect(sha(seen?.body ?? Buffer.alloc(0))).toBe(sha(body));
  });

  test('a body whose pieces trickle in arrives whole', async () => {
    const client = new RawClient({ port: gateway.port });
    await client.write(head('Content-Length: 6'));
    for (const letter of 'abcdef') await client.write(letter);
    expect((await client.response('POST')).status).toBe(200);
    expect(service.seen[0]?.body.toString()).toBe('abcdef');
    client.close();
  });

  test.each(SIZES)('an answer of %d bytes with its length arrives as it was sent', async (size) => {
    const body = randomBytes(size);
    service.answer = (_req, res) => {
      res.writeHead(200, { 'Content-Length': size });
      res.end(body);
    };
    const response = await exchange(gateway.port, head('Content-Length: 0'));
    expect(header(response, 'content-length')).toBe(String(size));
    expect(sha(response.body)).toBe(sha(body));
  });

  test('an answer is passed on piece by piece while the service still writes', async () => {
    let next: (() => void) | undefined;
    service.answer = (_req, res) => {
      res.write('first');
      next = () => res.end('second');
    };
    const client = new RawClient({ port: gateway.port });
    const chunks: string[] = [];
    client.socket.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    await client.write(head('Content-Length: 0'));
    await waitFor(() => chunks.join('').includes('first'), { what: 'the first piece' });
    expect(chunks.join('')).not.toContain('second');
    next?.();
    expect((await client.response('POST')).body.toString()).toBe('firstsecond');
    client.close();
  });

  test('the headers of a stream are passed on before its first byte', async () => {
    service.answer = (_req, res) => res.writeHead(200, { 'X-Now': '1' }).flushHeaders();
    const client = new RawClient({ port: gateway.port });
    await client.write(head('Content-Length: 0'));
    const [chunk] = (await once(client.socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('X-Now: 1');
    client.close();
  });

  test('a long answer that breaks off ends the connection, so that nobody takes it for whole', async () => {
    service.takeOver = (_req, res) => {
      res.writeHead(200);
      res.write('half', () => res.destroy());
    };
    const client = new RawClient({ port: gateway.port });
    await client.write(head('Content-Length: 0'));
    const rest = await client.closed();
    expect(rest).toContain('half');
    expect(rest).not.toContain('\r\n0\r\n\r\n');
  });
});

describe('a client that goes away', () => {
  test('while it sends its body: the service sees the request break off', async () => {
    let broken = false;
    service.takeOver = (req) => {
      req.on('error', () => {});
      req.on('close', () => {
        broken = !req.complete;
      });
      req.resume();
    };
    const client = new RawClient({ port: gateway.port });
    await client.write(`${head('Content-Length: 1000000')}some`);
    await waitFor(() => service.connections > 0, { what: 'the request to reach the service' });
    client.close();
    await waitFor(() => broken, { what: 'the service to see the request break off' });
  });

  test('while it waits for its answer: the service sees its connection close', async () => {
    let closed = false;
    service.answer = (_req, res) => {
      res.on('close', () => {
        closed = true;
      });
    };
    const client = new RawClient({ port: gateway.port });
    await client.write(head('Content-Length: 0'));
    await waitFor(() => service.seen.length === 1, { what: 'the request to reach the service' });
    client.close();
    await waitFor(() => closed, { what: 'the service to see the connection close' });
    expect(await gateway.gateway.metrics()).toContain('status="499"} 1');
  });

  test('before its short body is whole: the service hears nothing of it', async () => {
    const client = new RawClient({ port: gateway.port });
    await client.write(`${head('Content-Length: 10')}half`);
    client.close();
    const ended = /requests_total{surface="ingest",status="(400|499)"} 1/;
    await waitFor(async () => ended.test(await gateway.gateway.metrics()), { what: 'the request to be given up' });
    expect(service.connections).toBe(0);
  });
});

describe('an answer before the request is whole', () => {
  test('a refusal reaches a client that still sends, and its connection stays usable', async () => {
    service.takeOver = (req, res) => {
      if (req.method === 'GET') {
        res.end('next');
        return;
      }
      // As services must: close only when the client has stopped, or the kernel resets what is still unread.
      req.resume();
      res.writeHead(413, { 'Content-Length': 9 });
      res.end('too large');
    };
    const client = new RawClient({ port: gateway.port });
    const body = Buffer.alloc(3_000_000);
    await client.write(head(`Content-Length: ${body.length}`));
    await client.write(body.subarray(0, 1_000_000));
    const response = await client.response('POST');
    expect([response.status, response.body.toString()]).toEqual([413, 'too large']);
    await client.write(body.subarray(1_000_000));
    const next = await client.request(`GET /next HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`);
    expect([next.status, next.body.toString()]).toEqual([200, 'next']);
    client.close();
  });

  test('a refusal by the gateway itself reaches a client that sends without end', async () => {
    const client = new RawClient({ port: gateway.port });
    await client.write('POST / HTTP/1.1\r\nHost: unknown.example\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let i = 0; i < 20; i += 1) await client.write(`10000\r\n${'x'.repeat(65536)}\r\n`);
    expect((await client.response('POST')).status).toBe(421);
    client.close();
  });
});

describe('interim answers', () => {
  test('100 Continue comes before the body is sent, and Expect stays here', async () => {
    for (const length of [5, 200_000]) {
      const client = new RawClient({ port: gateway.port });
      await client.write(head(`Content-Length: ${length}\r\nExpect: 100-continue`));
      expect((await client.response('POST')).status).toBe(100);
      await client.write('x'.repeat(length));
      expect((await client.response('POST')).status).toBe(200);
      client.close();
    }
    expect(service.seen.flatMap(({ headers }) => headers.map(([name]) => name))).not.toContain('expect');
  });

  test('a request that is refused is never asked for its body, and its connection is not used again', async () => {
    const client = new RawClient({ port: gateway.port });
    await client.write('POST / HTTP/1.1\r\nHost: unknown.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    const response = await client.response('POST');
    expect([response.status, header(response, 'connection')]).toEqual([421, 'close']);
    await client.closed();
  });

  test('103 Early Hints and 102 Processing are passed on, but not to HTTP/1.0', async () => {
    const raw = await startRawStandIn((socket: Socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n');
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      }),
    );
    const hinting = await startGateway({ controlUpstreams: [raw.origin], ingestUpstreams: [raw.origin] });
    const client = new RawClient({ port: hinting.port });
    await client.write(head('Content-Length: 0'));
    const seen = [await client.response(), await client.response(), await client.response()];
    expect(seen.map(({ status }) => status)).toEqual([102, 103, 200]);
    expect(seen[1]?.headers).toContainEqual(['link', '</a.css>; rel=preload']);
    client.close();
    const old = await exchange(hinting.port, `GET / HTTP/1.0\r\nHost: ${INGEST_HOST}\r\n\r\n`);
    expect([old.status, old.body.toString()]).toEqual([200, 'ok']);
    await hinting.close();
    await raw.close();
  });
});
