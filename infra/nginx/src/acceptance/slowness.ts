import { describe, expect, test } from '@jest/globals';
import { useFixture } from './fixture.js';
import type { Router } from './routers.js';

/** Clients that hold connections without using them (Slowloris and its relatives). */
export function describeSlowness(router: Router): void {
  const fixture = useFixture(router, {
    client: { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500, keepAliveTimeoutMs: 1_000, maxHeaderBytes: 4_096 },
  });

  /** Sends a piece every 50 ms until the other side has had enough; resolves with its last words. */
  async function trickle(start: string, piece: string): Promise<string> {
    const client = fixture.connect();
    await client.write(start);
    const timer = setInterval(() => client.socket.write(piece), 50);
    try {
      return await client.closed();
    } finally {
      clearInterval(timer);
    }
  }

  const HEAD = 'POST /a HTTP/1.1\r\nHost: logu.ro\r\n';

  describe('slow clients', () => {
    test('headers that trickle in without end are given up', async () => {
      expect(await trickle(HEAD, 'X: y\r\n')).toMatch(/^(HTTP\/1\.1 (408|431|400)|$)/);
    });

    test('a header line that trickles in without end is given up', async () => {
      expect(await trickle(`${HEAD}X: `, 'y')).toMatch(/^(HTTP\/1\.1 (408|431|400)|$)/);
    });

    test('a connection on which nothing comes is closed', async () => {
      expect(await fixture.connect().closed()).toMatch(/^(HTTP\/1\.1 408|$)/);
    });

    test('a body that stops is given up', async () => {
      const client = fixture.connect();
      await client.write(`${HEAD}Content-Length: 10\r\n\r\nhalf`);
      expect(await client.closed()).toMatch(/^(HTTP\/1\.1 408|$)/);
      expect(fixture.control.seen).toEqual([]);
    });

    test('a connection that rests is closed', async () => {
      const client = fixture.connect();
      expect((await client.request('GET / HTTP/1.1\r\nHost: logu.ro\r\n\r\n')).status).toBe(200);
      expect(await client.closed()).toBe('');
    });

    test('none of them keeps others from being served', async () => {
      const slow = Array.from({ length: 300 }, () => fixture.connect());
      await Promise.all(slow.map((client) => client.write(`${HEAD}X: `)));
      const response = await fixture.send('GET /others HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
      expect(response.status).toBe(200);
      for (const client of slow) await client.closed();
    });

    test.each([
      ['one long header', `X: ${'x'.repeat(100_000)}\r\n`],
      ['many headers', 'X: yyyyyyyy\r\n'.repeat(10_000)],
    ])('%s is refused while it comes, with 431 or 400', async (_name, headers) => {
      const client = fixture.connect();
      await client.write(`${HEAD}${headers}\r\n`);
      expect((await client.response('POST')).status.toString()).toMatch(/^(431|400)$/);
      expect(fixture.control.seen).toEqual([]);
    });

    test('a target over the limit is a 431', async () => {
      const response = await fixture.send(`GET /${'x'.repeat(8_000)} HTTP/1.1\r\nHost: logu.ro\r\n\r\n`);
      expect(response.status).toBe(431);
      expect(JSON.parse(response.body.toString()).code).toBe('headers_too_large');
    });
  });
}
