import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { header, INGEST_HOST, RawClient, StandIn, startGateway, type TestGateway } from './testing/index.js';

let service: StandIn;
const gateways: TestGateway[] = [];
const clients: RawClient[] = [];

beforeEach(async () => {
  service = new StandIn();
  await service.listen();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const gateway of gateways.splice(0)) await gateway.close();
  await service.close();
});

async function start(options = {}): Promise<TestGateway> {
  const upstreams = { controlUpstreams: [service.origin], ingestUpstreams: [service.origin] };
  const gateway = await startGateway({ ...upstreams, ...options });
  gateways.push(gateway);
  return gateway;
}

function connect(gateway: TestGateway): RawClient {
  const client = new RawClient({ port: gateway.port });
  clients.push(client);
  return client;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Leaves requests unanswered until told. */
function holdAnswers(): Map<string, () => void> {
  const answers = new Map<string, () => void>();
  service.answer = (_req, res, seen) => answers.set(seen.url, () => res.end(seen.url));
  return answers;
}

describe('pipelined requests', () => {
  test('are answered in their order, bodies and all', async () => {
    const client = connect(await start());
    await client.write(post('/1', 'one') + get('/2') + post('/3', 'x'.repeat(30_000)) + get('/4'));
    const urls: string[] = [];
    for (let i = 0; i < 4; i += 1) urls.push(JSON.parse((await client.response()).body.toString()).url);
    expect(urls).toEqual(['/1', '/2', '/3', '/4']);
    expect(service.seen.map(({ body }) => body.length)).toEqual([3, 0, 30_000, 0]);
  });

  test('are worked on one after the other: a POST never overtakes the one before it', async () => {
    const answers = holdAnswers();
    const client = connect(await start());
    await client.write(post('/first', 'a') + post('/second', 'b'));
    (await waitFor(() => answers.get('/first'), { what: 'the first request' }))();
    expect(answers.has('/second')).toBe(false);
    expect((await client.response()).body.toString()).toBe('/first');
    (await waitFor(() => answers.get('/second'), { what: 'the second request' }))();
    expect((await client.response()).body.toString()).toBe('/second');
  });

  test('are bounded: a client that sends too many ahead is cut off', async () => {
    holdAnswers();
    const gateway = await start();
    const client = connect(gateway);
    await client.write(get('/x').repeat(1_000));
    await client.closed();
    const other = connect(gateway);
    await other.write(get('/other'));
    await waitFor(() => service.seen.some(({ url }) => url === '/other'), { what: 'another client to be served' });
  });
});

describe('what is no HTTP', () => {
  test('is answered with 400 and the connection ends', async () => {
    const client = connect(await start());
    const response = await client.request('NOT HTTP AT ALL\r\n\r\n');
    expect(response.status).toBe(400);
    expect(JSON.parse(response.body.toString())).toMatchObject({
      code: 'invalid_request',
      requestId: header(response, 'x-request-id'),
    });
    expect(await client.closed()).toBe('');
  });

  test('behind a request is never taken for its answer', async () => {
    const answers = holdAnswers();
    const client = connect(await start());
    await client.write(`${get('/good')}\x01\x02garbage\r\n\r\n`);
    const answer = await waitFor(() => answers.get('/good'), { what: 'the good request' });
    answer();
    const response = await client.response();
    expect([response.status, response.body.toString()]).toEqual([200, '/good']);
    expect(await client.closed()).toBe('');
  });

  test('in the middle of a body is a 400, and the service sees the request break off', async () => {
    let broken = false;
    service.takeOver = (req) => {
      req.on('error', () => {});
      req.on('close', () => {
        broken = !req.complete;
      });
      req.resume();
    };
    const client = connect(await start());
    await client.write(`POST / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
    await waitFor(() => service.connections > 0, { what: 'the request to reach the service' });
    await client.write('ZZZ\r\n');
    expect((await client.response()).status).toBe(400);
    await client.closed();
    await waitFor(() => broken, { what: 'the service to see the request break off' });
  });

  test('CONNECT and TRACE are refused with 405 and Allow', async () => {
    const gateway = await start();
    for (const request of [
      `CONNECT ${INGEST_HOST}:443 HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`,
      `TRACE / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`,
    ]) {
      const response = await connect(gateway).request(request);
      expect([response.status, header(response, 'allow')]).toEqual([405, expect.stringContaining('POST')]);
    }
    expect(service.seen).toEqual([]);
  });
});

describe('limits', () => {
  test('headers over the limit are a 431', async () => {
    const client = connect(await start({ client: { maxHeaderBytes: 2048 } }));
    const response = await client.request(`GET / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nX: ${'x'.repeat(4000)}\r\n\r\n`);
    expect(response.status).toBe(431);
    expect(JSON.parse(response.body.toString()).code).toBe('headers_too_large');
  });

  test('thousands of headers are passed on, none lost', async () => {
    const client = connect(await start({ client: { maxHeaderBytes: 64 * 1024 } }));
    service.server.maxHeadersCount = 0;
    const many = Array.from({ length: 2_500 }, (_, i) => `h${i}: ${i}\r\n`).join('');
    const response = await client.request(`GET / HTTP/1.1\r\n${many}Host: ${INGEST_HOST}\r\n\r\n`);
    // The service's own limit of bytes may say no; it must not be that the gateway silently dropped some.
    if (response.status === 200) expect(service.seen[0]?.headers).toContainEqual(['h2499', '2499']);
    else expect(response.status).toBe(431);
  });

  test('headers that trickle in are given up with 408, however busily they trickle', async () => {
    const client = connect(await start({ client: { headersTimeoutMs: 300 } }));
    await client.write(`GET / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n`);
    const trickle = setInterval(() => client.socket.write('X: y\r\n'), 20);
    const response = await client.response();
    clearInterval(trickle);
    expect([response.status, header(response, 'connection')]).toEqual([408, 'close']);
    expect(JSON.parse(response.body.toString()).code).toBe('request_timeout');
  });

  test('a body that trickles in is given up with 408', async () => {
    const client = connect(await start({ client: { headersTimeoutMs: 200, requestTimeoutMs: 400 } }));
    await client.write(`POST / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nContent-Length: 1000\r\n\r\n`);
    const trickle = setInterval(() => client.socket.write('x'), 20);
    const response = await client.response();
    clearInterval(trickle);
    expect(response.status).toBe(408);
    expect(service.seen).toEqual([]);
  });

  test('a connection on which nothing comes is closed', async () => {
    await connect(await start({ client: { headersTimeoutMs: 200 } })).closed();
  });

  test('a connection that rests is closed, not sooner than agreed', async () => {
    const client = connect(await start({ client: { keepAliveTimeoutMs: 1_000 } }));
    const response = await client.request(get('/'));
    expect(header(response, 'keep-alive')).toBe('timeout=1');
    expect(await client.closed()).toBe('');
  });

  test('connections over the limit are closed at once, and one that ends makes room', async () => {
    const gateway = await start({ client: { maxConnections: 1 } });
    const first = connect(gateway);
    expect((await first.request(get('/'))).status).toBe(200);
    await connect(gateway).closed();
    expect((await first.request(get('/'))).status).toBe(200);
    first.close();
    await waitFor(async () => (await connect(gateway).request(get('/'))).status === 200, { what: 'room' });
  });
});

describe('draining', () => {
  test('answers what is in flight, with Connection: close, and takes no new connections', async () => {
    const answers = holdAnswers();
    const gateway = await start();
    const client = connect(gateway);
    await client.write(post('/slow', 'x'));
    const answer = await waitFor(() => answers.get('/slow'), { what: 'the request in flight' });
    const drained = gateway.gateway.drain();
    await expect(connect(gateway).request(get('/'))).rejects.toThrow('the connection is closed');
    expect(await gateway.gateway.readiness()).toEqual(['The gateway is draining.']);
    answer();
    const response = await client.response();
    expect([response.status, header(response, 'connection')]).toEqual([200, 'close']);
    await client.closed();
    await drained;
  });

  test('connections that come during the grace are served: a load balancer needs a moment to notice', async () => {
    const gateway = await start({ drainGraceMs: 1_000 });
    const drained = gateway.gateway.drain();
    expect(await gateway.gateway.readiness()).toEqual(['The gateway is draining.']);
    const response = await connect(gateway).request(get('/'));
    expect([response.status, header(response, 'connection')]).toEqual([200, 'close']);
    await drained;
    await expect(connect(gateway).request(get('/'))).rejects.toThrow('the connection is closed');
  });

  test('a request on a resting connection still gets its answer during the grace, then the rest is closed', async () => {
    const gateway = await start({ drainGraceMs: 1_500 });
    const [busy, resting] = [connect(gateway), connect(gateway)];
    await busy.request(get('/'));
    await resting.request(get('/'));
    const drained = gateway.gateway.drain();
    const response = await busy.request(get('/late'));
    expect([response.status, header(response, 'connection')]).toEqual([200, 'close']);
    await drained;
    expect(await resting.closed()).toBe('');
  });
});
