import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CONTROL_HOST,
  exchange,
  header,
  INGEST_HOST,
  type RawResponse,
  StandIn,
  startGateway,
  type TestGateway,
} from './testing/index.js';

const ORIGIN = 'https://shop.example';
const PAT = 'pat_0123456789';

/** In the shape of a project key; nobody here looks at its signature. */
function keyOf(claims: unknown): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'ES256', kid: '1' })}.${encode(claims)}.c2lnbmF0dXJl`;
}
const BROWSER_KEY = keyOf({ kind: 'browser', sub: '1' });
const SERVER_KEY = keyOf({ kind: 'server', sub: '1' });

let service: StandIn;
let gateway: TestGateway;

beforeEach(async () => {
  service = new StandIn();
  await service.listen();
  service.answer = (_req, res) => res.writeHead(401, { 'Content-Length': 0 }).end();
  gateway = await startGateway({
    controlUpstreams: ['http://127.0.0.1:1'],
    ingestUpstreams: [service.origin],
    failedCredentialsPerMinute: 2,
  });
});
afterEach(async () => {
  await gateway.close();
  await service.close();
});

interface Sent {
  key?: string;
  host?: string;
  origin?: string | null;
  method?: string;
}

function send({ key, host = INGEST_HOST, origin = ORIGIN, method = 'POST' }: Sent): Promise<RawResponse> {
  const headers = [`Host: ${host}`, 'Content-Length: 0'];
  if (origin !== null) headers.push(`Origin: ${origin}`);
  if (key !== undefined) headers.push(`Authorization: Bearer ${key}`);
  return exchange(gateway.port, `${method} /datasets/1 HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
}

/** Status and CORS headers of an answer. */
function seen(response: RawResponse) {
  const names = response.headers.map(([name]) => name).filter((name) => name.startsWith('access-control-'));
  return { status: response.status, cors: names.length === 0 ? null : header(response, 'access-control-allow-origin') };
}

describe('an error of the gateway itself, while ingest is away', () => {
  beforeEach(() => service.close());

  test('can be read by a page with a browser key: status, body, request id and when to try again', async () => {
    const response = await send({ key: BROWSER_KEY });
    expect(seen(response)).toEqual({ status: 503, cors: ORIGIN });
    expect(header(response, 'access-control-expose-headers')).toBe('X-Request-Id, Retry-After');
    expect(header(response, 'vary')).toBe('Origin');
    expect(header(response, 'retry-after')).toMatch(/^\d+$/);
    expect(header(response, 'access-control-allow-credentials')).toBeUndefined();
  });

  test.each<[string, Sent]>([
    ['a server key', { key: SERVER_KEY }],
    ['a personal access token', { key: PAT }],
    ['no credential', {}],
    ['a browser key without an origin, as no browser sends it', { key: BROWSER_KEY, origin: null }],
    ['a token whose claims are no object', { key: keyOf('browser') }],
    ['a token whose claims are no JSON', { key: 'e30.e30x.e30' }],
    ['a preflight, which a page learns nothing from but its failure', { method: 'OPTIONS' }],
  ])('has no CORS headers for %s', async (_who, sent) => {
    expect(seen(await send(sent))).toEqual({ status: 503, cors: null });
  });

  test('has none on hosts of the control plane and on unknown ones, whoever asks', async () => {
    expect(seen(await send({ key: BROWSER_KEY, host: CONTROL_HOST }))).toEqual({ status: 503, cors: null });
    expect(seen(await send({ key: BROWSER_KEY, host: 'unknown.example' }))).toEqual({ status: 421, cors: null });
  });
});

test('a page whose address is held back can read that it is, and for how long', async () => {
  const statuses = new Set<number>();
  let response = await send({ key: BROWSER_KEY });
  for (let i = 0; i < 5 && response.status !== 429; i += 1) {
    statuses.add(response.status);
    response = await send({ key: keyOf({ kind: 'browser', sub: String(i) }) });
  }
  expect([...statuses]).toEqual([401]);
  expect(seen(response)).toEqual({ status: 429, cors: ORIGIN });
  expect(header(response, 'retry-after')).toMatch(/^\d+$/);
});

test("a service's own answer goes out with the CORS headers it has, and no others", async () => {
  expect(seen(await send({ key: BROWSER_KEY }))).toEqual({ status: 401, cors: null });
});
