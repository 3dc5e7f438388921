import { describe, expect, test } from '@jest/globals';
import { header, type SeenRequest } from '@loguro/gateway/testing';
import { useFixture } from './fixture.js';
import type { Router } from './routers.js';

/** What happens to headers in both directions. */
export function describeHeaders(router: Router): void {
  const fixture = useFixture(router);
  const get = (extra = '') => `GET / HTTP/1.1\r\nHost: logu.ro:8080\r\n${extra}\r\n`;
  const SANE = /^[A-Za-z0-9._~:/+=@-]{1,128}$/;

  function seen(): SeenRequest {
    const [request] = fixture.control.seen;
    if (request === undefined) throw new Error('Nothing reached the service');
    return request;
  }
  const values = (name: string) => seen().headers.flatMap(([key, value]) => (key === name ? [value] : []));

  describe('the request id', () => {
    test('is kept when it is sane, and comes back', async () => {
      const response = await fixture.send(get('X-Request-Id: order-17/retry=2\r\n'));
      expect(header(response, 'x-request-id')).toBe('order-17/retry=2');
      expect(values('x-request-id')).toEqual(['order-17/retry=2']);
    });

    test.each([
      ['missing', ''],
      ['empty', 'X-Request-Id: \r\n'],
      ['too long', `X-Request-Id: ${'x'.repeat(129)}\r\n`],
      ['no token', 'X-Request-Id: a b\r\n'],
      ['quoted', 'X-Request-Id: "a"\r\n'],
      ['an attempt to end a log line', 'X-Request-Id: a\\n{"level":"x"}\r\n'],
    ])('is made here when it is %s', async (_name, extra) => {
      const response = await fixture.send(get(extra));
      const id = header(response, 'x-request-id') ?? '';
      expect(id).toMatch(SANE);
      expect(extra).not.toContain(` ${id}\r\n`);
      expect(values('x-request-id')).toEqual([id]);
    });

    test('is one sane token even when it is sent twice', async () => {
      const response = await fixture.send(get('X-Request-Id: a\r\nX-Request-Id: b\r\n'));
      expect(values('x-request-id')).toEqual([header(response, 'x-request-id')]);
      expect(values('x-request-id')[0]).toMatch(SANE);
    });

    test('differs from request to request', async () => {
      const client = fixture.connect();
      const ids = new Set<string | undefined>();
      for (let i = 0; i < 20; i += 1) ids.add(header(await client.request(get()), 'x-request-id'));
      expect(ids.size).toBe(20);
    });

    test('of the client comes back once, whatever the service sends', async () => {
      fixture.control.answer = (_req, res) => res.setHeader('X-Request-Id', 'other').end();
      expect(header(await fixture.send(get('X-Request-Id: mine\r\n')), 'x-request-id')).toBe('mine');
    });
  });

  test("a browser's preflight reaches ingest without a credential, and its grant comes back as it was given", async () => {
    const grant = {
      'Access-Control-Allow-Origin': 'https://shop.example',
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type',
      'Access-Control-Max-Age': '600',
      Vary: 'Origin',
    };
    fixture.ingest.answer = (_req, res) => res.writeHead(204, grant).end();
    const asked = ['Origin: https://shop.example', 'Access-Control-Request-Method: POST'];
    asked.push('Access-Control-Request-Headers: authorization,content-type');
    const response = await fixture.send(
      `OPTIONS /datasets/13 HTTP/1.1\r\nHost: ingest.logu.ro\r\n${asked.join('\r\n')}\r\n\r\n`,
    );
    expect([response.status, response.body.length]).toEqual([204, 0]);
    for (const [name, value] of Object.entries(grant)) {
      expect([name, header(response, name.toLowerCase())]).toEqual([name, value]);
    }
    const [request] = fixture.ingest.seen;
    expect(request).toMatchObject({ method: 'OPTIONS', url: '/datasets/13' });
    const names = request?.headers.map(([name, value]) => `${name}: ${value}`);
    expect(names).toEqual(
      expect.arrayContaining([
        'origin: https://shop.example',
        'access-control-request-method: POST',
        'access-control-request-headers: authorization,content-type',
      ]),
    );
    expect(names?.filter((line) => line.startsWith('authorization'))).toEqual([]);
  });

  describe('request headers', () => {
    test('end-to-end headers arrive unchanged', async () => {
      await fixture.send(
        get('Authorization: Bearer pat_x\r\nAccept: a\r\nX_Under: 1\r\nX-Empty:\r\nCookie: a=b; c="d"\r\n'),
      );
      expect(values('authorization')).toEqual(['Bearer pat_x']);
      expect(values('accept')).toEqual(['a']);
      expect(values('x_under')).toEqual(['1']);
      expect(values('x-empty')).toEqual(['']);
      expect(values('cookie')).toEqual(['a=b; c="d"']);
      expect(values('host')).toEqual(['logu.ro:8080']);
    });

    test('hop-by-hop headers stay here', async () => {
      await fixture.send(
        get(
          'TE: trailers\r\nTrailer: X\r\nKeep-Alive: timeout=1\r\nProxy-Connection: keep-alive\r\n' +
            'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n',
        ),
      );
      for (const name of ['te', 'trailer', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings', 'expect']) {
        expect([name, values(name)]).toEqual([name, []]);
      }
      expect(values('connection').join()).not.toMatch(/upgrade|http2-settings/i);
    });

    test('what a stranger says about its origin is replaced', async () => {
      await fixture.send(
        get(
          'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nX-Forwarded-Proto: https\r\n' +
            'X-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n',
        ),
      );
      expect(values('x-forwarded-for')).toEqual(['127.0.0.1']);
      expect(values('x-forwarded-proto')).toEqual(['http']);
      expect(values('x-forwarded-host')).toEqual(['logu.ro:8080']);
      for (const name of ['x-forwarded-port', 'x-real-ip', 'forwarded']) expect(values(name)).toEqual([]);
    });

    test('this hop names itself in Via', async () => {
      await fixture.send(get('Via: 1.1 edge\r\n'));
      expect(values('via')).toEqual(['1.1 edge, 1.1 loguro-gateway']);
    });
  });

  describe('response headers', () => {
    test('end-to-end headers come back, repeated ones too, and hop-by-hop ones do not', async () => {
      fixture.control.answer = (_req, res) => {
        res.writeHead(200, [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['Date', 'Mon, 01 Jun 2026 00:00:00 GMT'],
          ['X-Custom', 'café'],
          ['Proxy-Connection', 'x'],
          ['Upgrade', 'x'],
          ['Content-Length', '2'],
        ]);
        // As bytes: Node would encode the headers like a body of text.
        res.end(Buffer.from('ok'));
      };
      const response = await fixture.send(get());
      const all = (name: string) => response.headers.flatMap(([key, value]) => (key === name ? [value] : []));
      expect(all('set-cookie')).toEqual(['a=1', 'b=2']);
      expect(all('date')).toHaveLength(1);
      expect(all('x-custom')).toEqual(['café']);
      expect(all('content-length')).toEqual(['2']);
      for (const name of ['proxy-connection', 'upgrade', 'transfer-encoding']) expect(all(name)).toEqual([]);
    });

    test.each([204, 304])('%d has no body, and the connection goes on', async (status) => {
      fixture.control.answer = (_req, res) => res.writeHead(status, { ETag: '"x"' }).end();
      const client = fixture.connect();
      expect((await client.request(get())).status).toBe(status);
      expect((await client.request(get())).status).toBe(status);
    });

    test('an answer to HEAD has the length and no body, and the connection goes on', async () => {
      fixture.control.answer = (_req, res) => res.writeHead(200, { 'Content-Length': 1234 }).end();
      const client = fixture.connect();
      for (let i = 0; i < 2; i += 1) {
        const response = await client.request('HEAD / HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
        expect([response.status, header(response, 'content-length')]).toEqual([200, '1234']);
      }
    });
  });

  describe('behind a trusted proxy', () => {
    const trusting = useFixture(router, { trustedProxies: ['loopback'] });

    test('what it says is kept, and it is added', async () => {
      await trusting.send(get('X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: logu.ro\r\n'));
      const sent = Object.fromEntries(trusting.control.seen[0]?.headers ?? []);
      expect(sent).toMatchObject({
        'x-forwarded-for': '6.6.6.6, 127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'logu.ro',
      });
    });

    test('routing is still by Host alone', async () => {
      await trusting.send(get('X-Forwarded-Host: ingest.logu.ro\r\n'));
      expect([trusting.control.seen.length, trusting.ingest.seen.length]).toEqual([1, 0]);
    });
  });
}
