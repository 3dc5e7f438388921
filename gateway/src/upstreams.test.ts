import { afterEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import {
  exchange,
  header,
  INGEST_HOST,
  type RawResponse,
  StandIn,
  startGateway,
  startRawStandIn,
} from './testing/index.js';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

function keep<T extends { close(): Promise<void> }>(thing: T): T {
  open.push(thing);
  return thing;
}

async function standIn(): Promise<StandIn> {
  const started = keep(new StandIn());
  await started.listen();
  return started;
}

async function gatewayTo(origins: string[], upstream = {}) {
  return keep(await startGateway({ controlUpstreams: ['http://127.0.0.1:1'], ingestUpstreams: origins, upstream }));
}

/** An origin where nobody listens. */
async function deadOrigin(): Promise<string> {
  const gone = new StandIn();
  await gone.listen();
  const { origin } = gone;
  await gone.close();
  return origin;
}

const POST = `POST /datasets/1 HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nContent-Length: 2\r\n\r\n{}`;
const CHUNKED = `POST /datasets/1 HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`;
const GET = `GET /datasets/1 HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`;

function errorOf(response: RawResponse) {
  const body = JSON.parse(response.body.toString());
  expect(body.requestId).toBe(header(response, 'x-request-id'));
  expect(typeof body.error).toBe('string');
  return { status: response.status, code: body.code };
}

describe('several upstreams', () => {
  /** Answers every request so, and closes the connection. */
  function answerAndClose(service: StandIn, status: number): void {
    service.answer = (_req, res) => res.writeHead(status, { Connection: 'close' }).end('closing');
  }
  /** Sends requests to a pair until the first is asked again; returns after how long that was, in ms. */
  async function sparedFor(status: number): Promise<number> {
    const [stopping, other] = [await standIn(), await standIn()];
    const { port } = await gatewayTo([stopping.origin, other.origin]);
    answerAndClose(stopping, status);
    const send = async () => (await exchange(port, POST)).body.toString() === 'closing';
    await waitFor(send, { what: 'it to say that it closes' });
    const from = performance.now();
    await waitFor(send, { what: 'its turn' });
    return performance.now() - from;
  }

  test('one that says it closes its connections is spared until a service that stops has closed its port', async () => {
    expect(await sparedFor(200)).toBeGreaterThan(6000);
  });

  test('one that closes a connection with an error is back soon: the request may have been to blame', async () => {
    expect(await sparedFor(413)).toBeLessThan(4000);
  });

  test('one that stops and is started again on its port has its turn at once', async () => {
    const [stopping, other] = [await standIn(), await standIn()];
    const { port } = await gatewayTo([stopping.origin, other.origin]);
    answerAndClose(stopping, 200);
    for (let i = 0; i < 10; i += 1) expect((await exchange(port, POST)).status).toBe(200);
    expect([stopping.seen.length, other.seen.length]).toEqual([1, 9]);
    const { port: backAt } = stopping;
    await stopping.close();
    // Without the other, the gateway has to ask it, and finds that it is down.
    const { port: otherAt } = other;
    await other.close();
    expect((await exchange(port, POST)).status).toBe(503);
    const [back, otherBack] = [keep(new StandIn()), keep(new StandIn())];
    await Promise.all([back.listen(backAt), otherBack.listen(otherAt)]);
    const from = performance.now();
    await waitFor(
      async () => {
        await exchange(port, POST);
        return back.seen.length > 0 && otherBack.seen.length > 0;
      },
      { what: 'both to be asked' },
    );
    expect(performance.now() - from).toBeLessThan(3000);
  });

  test('one that says it closes its connections still serves when it is the only one', async () => {
    const only = await standIn();
    const { port } = await gatewayTo([only.origin]);
    only.server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
    for (let i = 0; i < 3; i += 1) expect((await exchange(port, POST)).status).toBe(200);
    expect(only.seen.length).toBe(3);
  });

  test('take turns', async () => {
    const [a, b] = [await standIn(), await standIn()];
    const { port } = await gatewayTo([a.origin, b.origin]);
    for (let i = 0; i < 10; i += 1) expect((await exchange(port, POST)).status).toBe(200);
    expect([a.seen.length, b.seen.length]).toEqual([5, 5]);
  });

  test.each([
    ['a POST', POST],
    ['a streamed POST', CHUNKED],
    ['a GET', GET],
  ])('%s that one refuses is given to the other, whole', async (_name, request) => {
    const alive = await standIn();
    const { port } = await gatewayTo([await deadOrigin(), alive.origin, await deadOrigin()]);
    for (let i = 0; i < 4; i += 1) expect((await exchange(port, request)).status).toBe(200);
    expect(alive.seen).toHaveLength(4);
    for (const { body } of alive.seen) expect(body.toString()).toBe(request === GET ? '' : '{}');
  });

  test('one that was away takes its turn again once it is back', async () => {
    const [a, b] = [await standIn(), await standIn()];
    const { port } = await gatewayTo([a.origin, b.origin]);
    const { port: backAt } = b;
    await b.close();
    for (let i = 0; i < 4; i += 1) expect((await exchange(port, POST)).status).toBe(200);
    const back = keep(new StandIn());
    await back.listen(backAt);
    await waitFor(async () => (await exchange(port, POST)).status === 200 && back.seen.length > 0, {
      what: 'a request to reach the upstream that is back',
    });
  });
});

describe('when no upstream can be reached', () => {
  test('the answer is 503 unavailable with Retry-After, and says that nothing was accepted', async () => {
    const { port } = await gatewayTo([await deadOrigin()]);
    for (const request of [POST, CHUNKED, GET]) {
      const response = await exchange(port, request);
      expect(errorOf(response)).toEqual({ status: 503, code: 'unavailable' });
      expect(header(response, 'retry-after')).toMatch(/^\d+$/);
    }
  });

  test('it recovers by itself', async () => {
    const gone = new StandIn();
    await gone.listen();
    const { port: backAt, origin } = gone;
    await gone.close();
    const { port } = await gatewayTo([origin]);
    expect((await exchange(port, POST)).status).toBe(503);
    const back = keep(new StandIn());
    await back.listen(backAt);
    await waitFor(async () => (await exchange(port, POST)).status === 200, { what: 'the upstream to be used again' });
  });

  test('readiness names the surface, until the upstream is back', async () => {
    const ingest = await standIn();
    const { gateway } = await gatewayTo([ingest.origin]);
    expect(await gateway.readiness()).toEqual(['No upstream of the control surface can be reached.']);
    await ingest.close();
    expect(await gateway.readiness()).toHaveLength(2);
  });
});

describe('an upstream that breaks off', () => {
  test('gets a POST once only, and the client is told that it may have taken effect', async () => {
    let requests = 0;
    const breaking = keep(
      await startRawStandIn((socket) => {
        socket.once('data', () => {
          requests += 1;
          socket.destroy();
        });
      }),
    );
    const alive = await standIn();
    const { port } = await gatewayTo([breaking.origin, alive.origin]);
    expect(errorOf(await exchange(port, POST))).toEqual({ status: 502, code: 'bad_gateway' });
    expect([requests, alive.seen.length]).toEqual([1, 0]);
  });

  test('is asked again for a GET, which changes nothing', async () => {
    const breaking = keep(await startRawStandIn((socket) => socket.once('data', () => socket.destroy())));
    const alive = await standIn();
    const { port } = await gatewayTo([breaking.origin, alive.origin]);
    expect((await exchange(port, GET)).status).toBe(200);
  });

  test('a GET is not asked for more than twice', async () => {
    let requests = 0;
    const breaking = keep(
      await startRawStandIn((socket) =>
        socket.once('data', () => {
          requests += 1;
          socket.destroy();
        }),
      ),
    );
    const { port } = await gatewayTo([breaking.origin]);
    expect(errorOf(await exchange(port, GET))).toEqual({ status: 502, code: 'bad_gateway' });
    expect(requests).toBe(2);
  });

  test('in the middle of a short answer is a 502, not half an answer', async () => {
    const half = keep(
      await startRawStandIn((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')),
      ),
    );
    const { port } = await gatewayTo([half.origin]);
    expect(errorOf(await exchange(port, POST))).toEqual({ status: 502, code: 'bad_gateway' });
  });

  test.each([
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Long: '.padEnd(8000, 'x')}\r\n`.repeat(20)],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a switch of protocols nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
  ])('%s from an upstream is a 502', async (_name, bytes) => {
    const odd = keep(await startRawStandIn((socket) => socket.once('data', () => socket.end(bytes))));
    const { port } = await gatewayTo([odd.origin]);
    expect(errorOf(await exchange(port, POST))).toEqual({ status: 502, code: 'bad_gateway' });
  });
});

describe('an upstream that is slow', () => {
  test('to answer is given up with 504', async () => {
    const silent = keep(await startRawStandIn(() => {}));
    // undici's timers have a resolution of a second.
    const { port } = await gatewayTo([silent.origin], { responseTimeoutMs: 1_000 });
    expect(errorOf(await exchange(port, POST))).toEqual({ status: 504, code: 'gateway_timeout' });
  });

  test('gets no more requests than its queue may hold: the next are answered 503 at once', async () => {
    const silent = keep(await startRawStandIn(() => {}));
    const { port, gateway } = await gatewayTo([silent.origin], { maxConnections: 2, maxQueue: 3 });
    const waiting = Array.from({ length: 5 }, () => exchange(port, POST).catch(() => 'cut off'));
    await waitFor(async () => (await gateway.metrics()).includes(`in_flight{upstream="${silent.origin}"} 5`), {
      what: 'five requests to be in flight',
    });
    const refused = await exchange(port, POST);
    expect(errorOf(refused)).toEqual({ status: 503, code: 'overloaded' });
    expect(header(refused, 'retry-after')).toMatch(/^\d+$/);
    await gateway.destroy();
    await Promise.all(waiting);
  });
});
