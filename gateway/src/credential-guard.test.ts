import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CREDENTIAL_HEADER } from '@loguro/types';
import { type RawResponse, StandIn, startGateway, type TestGateway } from './testing/index.js';
import { RawClient } from './testing/raw-client.js';

const QUOTA = 5;
const GOOD = 'Bearer good';

let service: StandIn;
let gateway: TestGateway | undefined;
const clients: RawClient[] = [];
beforeAll(async () => {
  service = new StandIn();
  await service.listen();
  // Like the services: a good credential is 200 on the API (which says so) and 202 on ingest, any other 401.
  service.answer = (req, res) => {
    const isPublic = req.url === '/api/openapi.json';
    const good = req.headers.authorization === GOOD;
    if (!isPublic && !good) res.writeHead(401, { 'Content-Length': 0 }).end();
    else if (req.headers.host?.startsWith('ingest')) res.writeHead(202, { 'Content-Length': 0 }).end();
    else res.writeHead(200, { 'Content-Length': 0, ...(!isPublic && { [CREDENTIAL_HEADER]: 'good' }) }).end();
  };
});
beforeEach(() => {
  service.seen.length = 0;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await gateway?.close();
});
afterAll(() => service.close());

async function start(options: { trustedProxies?: string[]; failedCredentialsPerMinute?: number } = {}) {
  gateway = await startGateway({
    controlUpstreams: [service.origin],
    ingestUpstreams: [service.origin],
    failedCredentialsPerMinute: QUOTA,
    ...options,
  });
}

interface Sent {
  credential?: string;
  from?: string;
  host?: string;
  method?: string;
  path?: string;
  on?: RawClient;
}
function connect(): RawClient {
  const client = new RawClient({ port: (gateway as TestGateway).port });
  clients.push(client);
  return client;
}
/** Sends a request, on a connection of its own unless told otherwise. */
function send({
  credential,
  from,
  host = 'logu.ro',
  method = 'GET',
  path = '/api/me',
  on,
}: Sent): Promise<RawResponse> {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Content-Length: 0'];
  if (credential !== undefined) lines.push(`Authorization: ${credential}`);
  if (from !== undefined) lines.push(`X-Forwarded-For: ${from}`);
  return (on ?? connect()).request(`${lines.join('\r\n')}\r\n\r\n`);
}
const statusOf = async (sent: Sent) => (await send(sent)).status;
const header = (response: RawResponse, name: string) => response.headers.find(([key]) => key === name)?.[1];
/** Guesses, each a different one, until the quota is used up. */
async function guess(more: Sent = {}): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < QUOTA + 2; i++) seen.push(await statusOf({ credential: `Bearer guess-${i}`, ...more }));
  return seen;
}
const HELD_BACK = [401, 401, 401, 401, 401, 429, 429];

describe('who gets credentials wrong', () => {
  test('is answered 429 with a code, a time and the quota, and the services are left alone', async () => {
    await start();
    expect(await guess()).toEqual(HELD_BACK);
    expect(service.seen).toHaveLength(QUOTA);
    const refused = await send({ credential: 'Bearer another', path: '/api/tokens' });
    expect(JSON.parse(refused.body.toString())).toEqual({
      error: expect.stringContaining('Too many wrong credentials came from this address.'),
      code: 'rate_limited',
      requestId: header(refused, 'x-request-id'),
    });
    expect(Number(header(refused, 'retry-after'))).toBeGreaterThan(0);
    expect(header(refused, 'ratelimit-policy')).toBe(`"failures";q=${QUOTA};w=60`);
    expect(header(refused, 'ratelimit')).toMatch(/^"failures";r=0;t=\d+$/);
    expect(await gateway?.gateway.metrics()).toMatch(/^loguro_gateway_held_back_requests_total 3$/m);
  });

  test('is held back on both hosts together, with and without a credential', async () => {
    await start();
    for (let i = 0; i < QUOTA; i++) {
      const host = i % 2 === 0 ? 'ingest.logu.ro' : 'logu.ro';
      expect(await statusOf({ host, method: 'POST', ...(i > 2 && { credential: `Bearer ${i}` }) })).toBe(401);
    }
    expect(await statusOf({ host: 'ingest.logu.ro', method: 'POST', credential: 'Bearer x' })).toBe(429);
    expect(await statusOf({})).toBe(429);
  });

  test('does not lock out a neighbour whose credential has worked, on old connections and new ones', async () => {
    await start();
    const busy = connect();
    expect(await statusOf({ credential: GOOD, on: busy })).toBe(200);
    expect(await guess()).toEqual(HELD_BACK);
    expect(await statusOf({ credential: GOOD, on: busy })).toBe(200);
    expect(await statusOf({ credential: GOOD })).toBe(200);
    expect(await statusOf({ credential: GOOD, host: 'ingest.logu.ro', method: 'POST' })).toBe(202);
  });

  test('does not lock out a producer whose key has worked', async () => {
    await start();
    expect(await statusOf({ credential: GOOD, host: 'ingest.logu.ro', method: 'POST' })).toBe(202);
    expect(await guess()).toEqual(HELD_BACK);
    expect(await statusOf({ credential: GOOD, host: 'ingest.logu.ro', method: 'POST' })).toBe(202);
  });

  test('can not make a guess look proven by sending it where no credential is needed', async () => {
    await start();
    for (let i = 0; i < QUOTA; i++) {
      expect(await statusOf({ credential: `Bearer guess-${i}`, path: '/api/openapi.json' })).toBe(200);
      expect(await statusOf({ credential: `Bearer guess-${i}` })).toBe(401);
    }
    const on = connect();
    expect(await statusOf({ credential: 'Bearer next', path: '/api/openapi.json', on })).toBe(429);
    expect(await statusOf({ credential: 'Bearer next', on })).toBe(429);
  });

  test('still gets its preflights answered', async () => {
    await start();
    expect(await guess()).toEqual(HELD_BACK);
    expect(await statusOf({ method: 'OPTIONS', path: '/api/openapi.json' })).toBe(200);
  });

  test('a credential that stops working is no longer trusted', async () => {
    await start();
    const on = connect();
    expect(await statusOf({ credential: GOOD, on })).toBe(200);
    const { answer } = service;
    service.answer = (_req, res) => res.writeHead(401, { 'Content-Length': 0 }).end();
    try {
      expect(await statusOf({ credential: GOOD, on })).toBe(401);
      for (let i = 1; i < QUOTA; i++) await statusOf({ credential: `Bearer guess-${i}` });
      expect(await statusOf({ credential: GOOD, on })).toBe(429);
      expect(await statusOf({ credential: GOOD })).toBe(429);
    } finally {
      service.answer = answer;
    }
  });
});

describe('whose failures they are', () => {
  test('is not decided by what a stranger claims', async () => {
    await start();
    for (let i = 0; i < QUOTA; i++) expect(await statusOf({ credential: `Bearer ${i}`, from: `6.6.6.${i}` })).toBe(401);
    expect(await statusOf({ credential: 'Bearer x', from: '6.6.6.99' })).toBe(429);
  });

  test('is decided by what a trusted proxy saw, and not by what was claimed to it', async () => {
    await start({ trustedProxies: ['loopback'] });
    for (let i = 0; i < QUOTA; i++) {
      expect(await statusOf({ credential: `Bearer ${i}`, from: `6.6.6.${i}, 203.0.113.7` })).toBe(401);
    }
    expect(await statusOf({ credential: 'Bearer x', from: '6.6.6.99, 203.0.113.7' })).toBe(429);
    // Neither those it named nor its neighbours behind the proxy pay for it.
    expect(await statusOf({ credential: 'Bearer x', from: '6.6.6.1' })).toBe(401);
    expect(await statusOf({ credential: 'Bearer x', from: '203.0.113.8' })).toBe(401);
  });

  test('counts an IPv6 subscriber as one', async () => {
    await start({ trustedProxies: ['loopback'] });
    for (let i = 0; i < QUOTA; i++)
      expect(await statusOf({ credential: `Bearer ${i}`, from: `2001:db8::${i}` })).toBe(401);
    expect(await statusOf({ credential: 'Bearer x', from: '2001:db8::ffff' })).toBe(429);
    expect(await statusOf({ credential: 'Bearer x', from: '2001:db8:0:1::1' })).toBe(401);
  });
});

test('services never see what a client claims in front of its address', async () => {
  await start({ trustedProxies: ['loopback'] });
  await send({ credential: GOOD, from: '6.6.6.6, 203.0.113.7' });
  expect(Object.fromEntries(service.seen[0]?.headers ?? [])['x-forwarded-for']).toBe('203.0.113.7, 127.0.0.1');
});

test('clients never see what a service says to the gateway about a credential', async () => {
  await start();
  const response = await send({ credential: GOOD });
  expect(header(response, CREDENTIAL_HEADER)).toBeUndefined();
  await gateway?.close();
  await start({ failedCredentialsPerMinute: 0 });
  expect(header(await send({ credential: GOOD }), CREDENTIAL_HEADER)).toBeUndefined();
});

test('a limit of 0 holds nobody back', async () => {
  await start({ failedCredentialsPerMinute: 0 });
  expect(await guess()).toEqual(Array(QUOTA + 2).fill(401));
});
