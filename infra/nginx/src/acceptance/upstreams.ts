import { afterEach, describe, expect, test } from '@jest/globals';
import { exchange, header, type RawResponse, StandIn, startRawStandIn } from '@loguro/gateway/testing';
import { waitFor } from '@loguro/testing';
import type { Router, RouterOptions, RunningRouter } from './routers.js';

const POST = 'POST /datasets/1 HTTP/1.1\r\nHost: ingest.logu.ro\r\nContent-Length: 2\r\n\r\n{}';

function errorOf(response: RawResponse) {
  const body = JSON.parse(response.body.toString());
  expect(body.requestId).toBe(header(response, 'x-request-id'));
  return { status: response.status, code: body.code };
}

/** An origin where nobody listens. */
async function deadOrigin(): Promise<string> {
  const gone = new StandIn();
  await gone.listen();
  const { origin } = gone;
  await gone.close();
  return origin;
}

/** Services that are away, break off or are slow. */
export function describeUpstreams(router: Router): void {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  async function standIn(port = 0): Promise<StandIn> {
    const started = new StandIn();
    await started.listen(port);
    open.push(started);
    return started;
  }

  async function routerTo(origins: string[], upstream: RouterOptions['upstream'] = {}): Promise<RunningRouter> {
    const started = await router.start({ controlUpstreams: origins, ingestUpstreams: origins, upstream });
    open.push(started);
    return started;
  }

  describe('upstreams', () => {
    test('take turns', async () => {
      const [a, b] = [await standIn(), await standIn()];
      const { port } = await routerTo([a.origin, b.origin]);
      for (let i = 0; i < 10; i += 1) expect((await exchange(port, POST)).status).toBe(200);
      expect([a.seen.length, b.seen.length]).toEqual([5, 5]);
    });

    test('one that refuses connections fails no request while another is there', async () => {
      const alive = await standIn();
      const { port } = await routerTo([await deadOrigin(), alive.origin]);
      for (let i = 0; i < 10; i += 1) expect((await exchange(port, POST)).status).toBe(200);
      expect(alive.seen.map(({ body }) => body.toString())).toEqual(Array(10).fill('{}'));
    });

    test('none there is a 503 that says when to try again, and it recovers by itself', async () => {
      const gone = new StandIn();
      await gone.listen();
      const { port: backAt, origin } = gone;
      await gone.close();
      const { port } = await routerTo([origin]);
      const response = await exchange(port, POST);
      expect(errorOf(response)).toEqual({ status: 503, code: 'unavailable' });
      expect(header(response, 'retry-after')).toMatch(/^\d+$/);
      await standIn(backAt);
      await waitFor(async () => (await exchange(port, POST)).status === 200, { what: 'the service to be used again' });
    });

    test('several, none there, is a 503 too', async () => {
      const { port } = await routerTo([await deadOrigin(), await deadOrigin()]);
      for (let i = 0; i < 3; i += 1) {
        expect(errorOf(await exchange(port, POST))).toEqual({ status: 503, code: 'unavailable' });
      }
    });

    test('one that breaks off gets a POST once only, and the answer is a 502', async () => {
      let requests = 0;
      const breaking = await startRawStandIn((socket) => {
        socket.once('data', () => {
          requests += 1;
          socket.destroy();
        });
      });
      open.push(breaking);
      const alive = await standIn();
      const { port } = await routerTo([breaking.origin, alive.origin]);
      expect(errorOf(await exchange(port, POST))).toEqual({ status: 502, code: 'bad_gateway' });
      expect([requests, alive.seen.length]).toEqual([1, 0]);
    });

    test('one that does not answer is a 504', async () => {
      const silent = await startRawStandIn(() => {});
      open.push(silent);
      const { port } = await routerTo([silent.origin], { responseTimeoutMs: 1_000 });
      expect(errorOf(await exchange(port, POST))).toEqual({ status: 504, code: 'gateway_timeout' });
    });

    test('errors of a service are passed on as they are', async () => {
      const service = await standIn();
      service.answer = (_req, res) => res.writeHead(503, { 'Retry-After': '7', 'Content-Length': 4 }).end('mine');
      const { port } = await routerTo([service.origin]);
      const response = await exchange(port, POST);
      expect([response.status, header(response, 'retry-after'), response.body.toString()]).toEqual([503, '7', 'mine']);
    });

    test('connections to a service are used again', async () => {
      const service = await standIn();
      const { port } = await routerTo([service.origin]);
      for (let i = 0; i < 20; i += 1) await exchange(port, POST);
      expect(service.connections).toBeLessThan(5);
    });
  });
}
