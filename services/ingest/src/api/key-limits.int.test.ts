import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generatePat } from '@loguro/types';
import { GOOD_RECORD, signToken, startTestApi, type TestApi } from '../testing/test-api.js';
import { loadConfig } from './config.js';

// Slow to come back: nothing does while a test runs. Ten seconds' worth may be sent at once.
let api: TestApi;
beforeAll(async () => {
  const { limits } = loadConfig({ LOGURO_DATABASE_URL: 'postgres://db/x', LOGURO_QUEUE_URL: 'redis://queue' });
  api = await startTestApi({
    config: {
      limits: { ...limits, batchRecords: 30 },
      keyLimits: { requestsPerSecond: 1, recordsPerSecond: 3 },
    },
  });
});
afterAll(() => api.close());

const one = (key: string) => api.send({ path: `/datasets/${api.dataset.id}`, key, body: GOOD_RECORD });
const batch = (key: string, count: number, query = '') =>
  api.send({ path: `/datasets/${api.dataset.id}/batch${query}`, key, body: Array(count).fill(GOOD_RECORD) });

test('a key that sends too many requests is answered 429 with a code and a time, and told where it stands', async () => {
  const { token } = await api.addKey();
  const first = await one(token);
  expect(first.status).toBe(202);
  expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=10;w=10, "records";q=30;w=10');
  expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=9;t=1, "records";r=29;t=1$/);
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await one(token)).status);
  expect(statuses).toContain(429);
  const refused = await api.send({ path: `/datasets/${api.dataset.id}`, key: token, body: 'not even JSON' });
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
});

test('records are counted one by one, and a batch over the quota is refused whole', async () => {
  const { token } = await api.addKey();
  expect((await batch(token, 25)).status).toBe(202);
  const refused = await batch(token, 25);
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(4);
  expect((await batch(token, 3)).status).toBe(202);
});

test('the largest batch fits, and a dry run costs no records', async () => {
  const { token } = await api.addKey();
  expect((await batch(token, 30, '?dry_run=true')).status).toBe(200);
  expect((await batch(token, 30)).status).toBe(202);
});

test("neither another key of the project nor a stranger uses up a key's quota", async () => {
  const mine = await api.addKey();
  const other = await api.addKey();
  const identity = { project: api.dataset.project, id: mine.id };
  const forged = signToken(api.signingKey, identity).replace(/\.[^.]+$/, '.AAAA');
  for (let i = 0; i < 15; i++) {
    await one(other.token);
    expect((await one(forged)).status).toBe(401);
    expect((await one(generatePat())).status).toBe(401);
  }
  expect((await one(other.token)).status).toBe(429);
  expect((await one(mine.token)).headers.get('ratelimit')).toMatch(/^"requests";r=9;/);
});

test('receipts are requests too', async () => {
  const { token } = await api.addKey();
  const path = `/datasets/${api.dataset.id}/receipts/00000000-0000-7000-8000-000000000000`;
  const answer = await api.send({ method: 'GET', path, key: token });
  expect(answer.headers.get('ratelimit')).toMatch(/^"requests";r=9;/);
});

test('a page may read where it stands', async () => {
  const { token } = await api.addKey({ kind: 'browser', origins: ['https://shop.example'] });
  const headers = { Origin: 'https://shop.example' };
  const answer = await api.send({ path: `/datasets/${api.dataset.id}`, key: token, headers, body: GOOD_RECORD });
  expect(answer.headers.get('access-control-expose-headers')).toContain('RateLimit');
});
