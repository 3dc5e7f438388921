import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generatePat } from '@loguro/types';
import supertest from 'supertest';
import { startTestApi, type TestApi } from '../testing/test-api.js';

const from = (address: string) => ({ 'X-Forwarded-For': address });

describe('the limit of a token', () => {
  let api: TestApi;
  beforeAll(async () => {
    // So slow to come back that nothing does while the test runs.
    api = await startTestApi({ LOGURO_TOKEN_REQUESTS_PER_MINUTE: '5', LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '0' });
  });
  afterAll(() => api.stop());

  test('is told with each answer, and past it the answer is 429 with a code and a time', async () => {
    const as = await api.account();
    const left: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      const { headers } = await api.call('readMe', { as, expect: 200 });
      expect(headers['ratelimit-policy']).toBe('"pat";q=5;w=60');
      left.push(headers.ratelimit?.split(';t=')[0]);
    }
    expect(left).toEqual(['"pat";r=4', '"pat";r=3', '"pat";r=2', '"pat";r=1', '"pat";r=0']);
    const { status, body, headers } = await api.call('readMe', { as });
    expect([status, body.code]).toEqual([429, 'rate_limited']);
    const retryAfter = Number(headers['retry-after']);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(12);
    expect(headers.ratelimit).toMatch(/^"pat";r=0;t=\d+$/);
    expect(headers['ratelimit-policy']).toBe('"pat";q=5;w=60');
  });

  test('is its own: neither another token of the account nor a stranger uses it up', async () => {
    const as = await api.account();
    const { body } = await api.call('createToken', { as, body: { name: 'second' }, expect: 201 });
    // Guesses and typing errors are nobody's.
    const typo = as.pat.slice(0, -1) + (as.pat.endsWith('0') ? '1' : '0');
    for (let i = 0; i < 10; i++) {
      await api.call('readMe', { as: typo, expect: 401 });
      await api.call('readMe', { as: generatePat(), expect: 401 });
    }
    for (let i = 0; i < 5; i++) await api.call('readMe', { as: body.secret, expect: 200 });
    await api.call('readMe', { as: body.secret, expect: 429 });
    await api.call('readMe', { as, expect: 200 });
  });

  test('counts a request that is refused for other reasons too', async () => {
    const as = await api.account();
    for (let i = 0; i < 5; i++) await api.call('listDatasets', { as, params: { projectSlug: 'none' }, expect: 404 });
    await api.call('listDatasets', { as, params: { projectSlug: 'none' }, expect: 429 });
  });
});

describe('the limit of an address', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '5', LOGURO_TOKEN_REQUESTS_PER_MINUTE: '100' });
  });
  afterAll(() => api.stop());

  const statuses = async (count: number, address: (i: number) => string, pat?: string) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) {
      const as = pat === undefined ? {} : { as: pat };
      seen.push((await api.call('readMe', { ...as, headers: from(address(i)) })).status);
    }
    return seen;
  };

  test('holds with and without a credential, and is told beside that of the token', async () => {
    const { pat } = await api.account();
    const first = await api.call('readMe', { as: pat, headers: from('198.51.100.1'), expect: 200 });
    expect(first.headers['ratelimit-policy']).toBe('"pat";q=100;w=60, "address";q=5;w=60');
    expect(first.headers.ratelimit).toMatch(/^"pat";r=99;t=1, "address";r=4;t=\d+$/);
    expect(await statuses(4, () => '198.51.100.1')).toEqual([401, 401, 401, 401]);
    const refused = await api.call('readMe', { as: pat, headers: from('198.51.100.1'), expect: 429 });
    expect(refused.body.code).toBe('rate_limited');
    expect(refused.headers.ratelimit).toMatch(/^"address";r=0;/);
    expect(await statuses(1, () => '198.51.100.2', pat)).toEqual([200]);
  });

  test('counts a whole IPv6 network of a subscriber as one', async () => {
    expect(await statuses(6, (i) => `2001:db8:1:2::${i + 1}`)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await statuses(1, () => '2001:db8:1:3::1')).toEqual([401]);
  });

  test('holds for paths and methods that do not exist, and not for the health check', async () => {
    for (let i = 0; i < 5; i++) {
      await supertest(api.url).put('/nope').set(from('198.51.100.3')).expect(404);
    }
    await supertest(api.url).get('/api/openapi.json').set(from('198.51.100.3')).expect(429);
    await supertest(api.url).get('/healthz').set(from('198.51.100.3')).expect(200);
  });

  test("is not dodged, and nobody else's is used up, by what a client claims in front of its address", async () => {
    // The proxy in front, which is trusted, adds the address it sees at the end.
    expect(await statuses(6, (i) => `6.6.6.${i}, 198.51.100.4`)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await statuses(1, () => '6.6.6.1')).toEqual([401]);
  });
});

test('nobody is believed when no proxy is trusted', async () => {
  const api = await startTestApi({ LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '5', LOGURO_TRUST_PROXY: 'none' });
  try {
    for (let i = 0; i < 5; i++) await api.call('readMe', { headers: from(`198.51.100.${i}`), expect: 401 });
    await api.call('readMe', { headers: from('198.51.100.99'), expect: 429 });
  } finally {
    await api.stop();
  }
});

test('a limit of 0 is none, and nothing is told', async () => {
  const api = await startTestApi({ LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '0', LOGURO_TOKEN_REQUESTS_PER_MINUTE: '0' });
  try {
    const { headers } = await api.call('readMe', { as: await api.account(), expect: 200 });
    expect(Object.keys(headers).filter((name) => name.startsWith('ratelimit'))).toEqual([]);
  } finally {
    await api.stop();
  }
});

test('a malformed token is refused without asking the database, a well-formed one is looked up', async () => {
  // Nothing listens on this port: whatever asks the database is answered 503.
  const api = await startTestApi({ LOGURO_DATABASE_URL: 'postgres://loguro_control:x@127.0.0.1:1/none' });
  try {
    const pat = generatePat();
    const typo = pat.slice(0, -1) + (pat.endsWith('0') ? '1' : '0');
    for (const as of [typo, pat.slice(0, -1), 'pat_', `${pat}0`]) {
      const { body } = await api.call('readMe', { as, expect: 401 });
      expect(body.code).toBe('invalid_credential');
    }
    expect((await api.call('readMe', { as: pat, expect: 503 })).body.code).toBe('unavailable');
  } finally {
    await api.stop();
  }
});
