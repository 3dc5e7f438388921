import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ProbeAnswer, probe } from './testing/http-probe.js';
import { type Replicas, startReplicas } from './testing/replicas.js';

let replicas: Replicas;
beforeAll(async () => {
  replicas = await startReplicas({ drainMs: 0 });
}, 120_000);
afterAll(() => replicas.stop());

/** On the first control plane, unless told otherwise. */
async function api(method: string, path: string, body?: object, { pat = replicas.pat, base = '', headers = {} } = {}) {
  const response = await fetch(`${base || replicas.control[0]}/api${path}`, {
    method,
    headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Asks every process until each refuses; returns the milliseconds that took since `from`. */
async function refusedEverywhere(ask: (base: string) => Promise<number>, bases: string[], from: number) {
  const times = bases.map(async (base) => {
    while ((await ask(base)) !== 401) {
      if (performance.now() - from > 5000) throw new Error(`${base} still takes a revoked credential`);
    }
    return performance.now() - from;
  });
  return Math.max(...(await Promise.all(times)));
}

const me = (pat: string) => (base: string) => api('GET', '/me', undefined, { pat, base }).then(({ status }) => status);
/** The key is checked before the dataset is looked for: 404 means that it is good. */
const send = (key: string) => (base: string) =>
  fetch(`${base}/datasets/1`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: '{}',
  }).then(async (response) => {
    await response.text();
    return response.status;
  });
const newKey = async () => (await api('POST', '/projects/local/keys', { name: 'k' })).body;
const newToken = async () => (await api('POST', '/tokens', { name: 't' })).body;

test('a project key revoked on one control plane is refused by every ingest process within a second', async () => {
  for (let round = 0; round < 5; round++) {
    const { key, secret } = await newKey();
    for (const base of replicas.ingest) expect(await send(secret)(base)).toBe(404);
    expect((await api('DELETE', `/projects/local/keys/${key.id}`)).status).toBe(204);
    expect(await refusedEverywhere(send(secret), replicas.ingest, performance.now())).toBeLessThan(1000);
  }
});

test('a token revoked on one control plane is refused by every one from the next request on', async () => {
  for (let round = 0; round < 5; round++) {
    const { token, secret } = await newToken();
    for (const base of replicas.control) expect(await me(secret)(base)).toBe(200);
    expect((await api('DELETE', `/tokens/${token.id}`)).status).toBe(204);
    for (const base of replicas.control) expect(await me(secret)(base)).toBe(401);
  }
});

test('through an overlap both credentials of each kind are good on every process, and then the old one on none', async () => {
  const oldKey = await newKey();
  const oldToken = await newToken();
  const overlap = { overlapSeconds: 3 };
  const key = (await api('POST', `/projects/local/keys/${oldKey.key.id}/rotate`, overlap)).body.secret;
  const token = (await api('POST', `/tokens/${oldToken.token.id}/rotate`, overlap)).body.secret;
  const from = performance.now();
  for (const base of replicas.ingest)
    expect([await send(key)(base), await send(oldKey.secret)(base)]).toEqual([404, 404]);
  for (const base of replicas.control)
    expect([await me(token)(base), await me(oldToken.secret)(base)]).toEqual([200, 200]);
  expect(await refusedEverywhere(send(oldKey.secret), replicas.ingest, from)).toBeLessThan(4000);
  expect(await refusedEverywhere(me(oldToken.secret), replicas.control, from)).toBeLessThan(4000);
  for (const base of replicas.ingest) expect(await send(key)(base)).toBe(404);
  for (const base of replicas.control) expect(await me(token)(base)).toBe(200);
});

describe('a browser key, through the gateway', () => {
  const SHOP = 'https://shop.example';
  const OTHER = 'https://other.example';
  const ask = (path: string, origin: string, headers: Record<string, string> = {}, method = 'OPTIONS') =>
    probe(replicas.gateway, {
      host: 'ingest.localhost',
      method,
      path,
      headers: { Origin: origin, ...headers },
      ...(method === 'POST' && { body: '{}' }),
    });
  const preflight = (origin: string) =>
    ask('/datasets/1', origin, {
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization',
    });
  const browserKey = async (origin: string) => {
    const key = { name: 'page', kind: 'browser', allowedOrigins: [origin] };
    return (await api('POST', '/projects/local/keys', key)).body.secret as string;
  };
  const granted = ({ headers }: ProbeAnswer) => headers['access-control-allow-origin'];

  test('sends what a preflight of its origin was granted, and a page elsewhere is granted and sent nothing', async () => {
    const key = await browserKey(SHOP);
    const good = await preflight(SHOP);
    expect([good.status, granted(good), good.headers.vary]).toEqual([204, SHOP, 'Origin']);
    expect(good.headers['access-control-allow-headers']).toMatch(/authorization/i);
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    // The key is checked before the dataset is looked for: 404 means that it was taken.
    const sent = await ask('/datasets/1', SHOP, headers, 'POST');
    expect([sent.status, granted(sent)]).toEqual([404, SHOP]);
    const refused = await preflight('https://evil.example');
    expect([refused.status, granted(refused)]).toEqual([204, undefined]);
    const elsewhere = await ask('/datasets/1', 'https://evil.example', headers, 'POST');
    expect([elsewhere.status, granted(elsewhere)]).toEqual([403, undefined]);
  });

  test('is refused from the origin of another key, although the preflight, which names no key, was granted', async () => {
    const key = await browserKey(SHOP);
    await browserKey(OTHER);
    expect(granted(await preflight(OTHER))).toBe(OTHER);
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    const answer = await ask('/datasets/1', OTHER, headers, 'POST');
    expect([answer.status, granted(answer)]).toEqual([403, undefined]);
  });
});

test('the audit log has the address that the gateway saw, whatever the client claims', async () => {
  const headers = { 'X-Forwarded-For': '6.6.6.6', 'X-Real-IP': '6.6.6.6', 'X-Request-Id': 'from-where' };
  const base = replicas.gateway;
  expect((await api('POST', '/datasets/local', { name: 'Orders' }, { base, headers })).status).toBe(201);
  const { events } = (await api('GET', '/projects/local/audit')).body;
  expect(events[0]).toMatchObject({
    action: 'dataset.create',
    actor: { email: 'a@example.com', tokenId: expect.any(Number) },
    address: '127.0.0.1',
    requestId: 'from-where',
  });
});

test('through the gateway, guesses are held back and a token that has worked is not', async () => {
  const base = replicas.gateway;
  expect(await me(replicas.pat)(base)).toBe(200);
  const statuses = new Set<number>();
  for (let i = 0; i < 70; i++) statuses.add(await me(`pat_guess${i}`)(base));
  expect([...statuses].sort()).toEqual([401, 429]);
  expect(await me(replicas.pat)(base)).toBe(200);
});
