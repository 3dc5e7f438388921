import { describe, expect, test } from '@jest/globals';
import { header } from '@loguro/gateway/testing';
import { useFixture } from './fixture.js';
import type { Router } from './routers.js';

/** Which service gets a request, and what of it arrives there. */
export function describeRouting(router: Router): void {
  const fixture = useFixture(router);
  const get = (host: string, target = '/', extra = '') => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${extra}\r\n`;

  describe('routing', () => {
    test.each(['logu.ro', 'LOGU.RO', 'logu.ro:8080', 'logu.ro.', 'Logu.Ro.:443', 'localhost:8080', '127.0.0.1:9'])(
      'Host: %s reaches the control plane',
      async (host) => {
        expect((await fixture.send(get(host))).status).toBe(200);
        expect([fixture.control.seen.length, fixture.ingest.seen.length]).toEqual([1, 0]);
      },
    );

    test.each(['ingest.logu.ro', 'Ingest.Localhost:8080', 'INGEST.LOGU.RO.'])(
      'Host: %s reaches ingest',
      async (host) => {
        expect((await fixture.send(get(host))).status).toBe(200);
        expect([fixture.control.seen.length, fixture.ingest.seen.length]).toEqual([0, 1]);
      },
    );

    test.each(['example.com', 'x.logu.ro', 'logu.ro.example.com', 'ingest.logu.ro.evil', '10.0.0.1', 'xlogu.ro'])(
      'Host: %s is a 421 with the body every error has',
      async (host) => {
        const response = await fixture.send(get(host));
        const body = JSON.parse(response.body.toString());
        expect(response.status).toBe(421);
        expect(header(response, 'content-type')).toMatch(/^application\/json/);
        expect(body).toMatchObject({ code: 'unknown_host', error: expect.any(String) });
        expect(body.requestId).toBe(header(response, 'x-request-id'));
        expect(fixture.control.seen.concat(fixture.ingest.seen)).toEqual([]);
      },
    );

    test('nothing but Host decides', async () => {
      const extra = 'X-Forwarded-Host: ingest.logu.ro\r\nForwarded: host=ingest.logu.ro\r\nX-Host: ingest.logu.ro\r\n';
      await fixture.send(get('logu.ro', '/datasets/1', extra));
      expect(fixture.control.seen.map(({ url }) => url)).toEqual(['/datasets/1']);
    });

    test('the host of an absolute target counts, and Host is ignored', async () => {
      await fixture.send(get('logu.ro', 'http://INGEST.logu.ro:8080/datasets/1?x=1'));
      const [seen] = fixture.ingest.seen;
      expect(seen?.url).toBe('/datasets/1?x=1');
      expect(seen?.headers.find(([name]) => name === 'host')?.[1]).toMatch(/^ingest\.logu\.ro(:8080)?$/i);
      expect((await fixture.send(get('logu.ro', 'http://example.com/'))).status).toBe(421);
      expect(fixture.control.seen).toEqual([]);
    });

    test.each([
      '/api/datasets/local/13?limit=10&q=a%2Fb',
      '/a//b///c',
      '/a%2e%2e/b%00?x',
      '/a/../b/./c',
      '/caf%C3%A9;v=1?a=b?c',
      '/?',
    ])('the target %s arrives byte for byte', async (target) => {
      const { status } = await fixture.send(get('logu.ro', target));
      // nginx refuses an encoded NUL; whoever passes it on must not touch it.
      if (status === 400) expect(target).toContain('%00');
      else expect(fixture.control.seen.map(({ url }) => url)).toEqual([target]);
    });

    test.each(['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS'])('%s arrives as it is', async (method) => {
      const response = await fixture.send(`${method} /x HTTP/1.1\r\nHost: logu.ro\r\nContent-Length: 0\r\n\r\n`);
      expect(JSON.parse(response.body.toString())).toMatchObject({ method, url: '/x' });
    });

    test('TRACE is refused with 405 and Allow', async () => {
      const response = await fixture.send('TRACE / HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
      expect([response.status, header(response, 'allow')]).toEqual([405, expect.stringContaining('POST')]);
      expect(JSON.parse(response.body.toString()).code).toBe('method_not_allowed');
    });

    test('CONNECT makes no tunnel', async () => {
      const client = fixture.connect();
      const response = await client.request('CONNECT logu.ro:443 HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
      // nginx calls it malformed.
      expect([400, 405]).toContain(response.status);
      expect(JSON.parse(response.body.toString()).requestId).toBe(header(response, 'x-request-id'));
      await client.closed();
    });
  });
}
