import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generatePat, INGEST_ROUTES, type IngestOperation } from '@loguro/types';
import jwt from 'jsonwebtoken';
import { addSigningKey, GOOD_RECORD, type Sent, signToken, startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let keyId: number;
beforeAll(async () => {
  api = await startTestApi();
  keyId = (await api.addKey()).id;
});
afterAll(() => api.close());

const identity = () => ({ project: api.dataset.project, id: keyId });
const sign = (overrides: Parameters<typeof signToken>[2] = {}) => signToken(api.signingKey, identity(), overrides);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with any header and claims, "signed" any way. */
function forge(header: object, claims: object, signature: (input: string) => string): string {
  const input = `${base64(header)}.${base64(claims)}`;
  return `${input}.${signature(input)}`;
}

function goodClaims(): Record<string, unknown> {
  return jwt.decode(sign()) as Record<string, unknown>;
}

/** Tokens that must not get in, and what they are told. */
const BAD_TOKENS: Record<string, [code: string, token: () => string | Promise<string>]> = {
  'a personal access token': ['wrong_credential', () => generatePat()],
  'a mistyped personal access token': ['wrong_credential', () => 'pat_xxx'],
  'no JWT at all': ['invalid_credential', () => 'abc'],
  'alg none, without a signature': [
    'invalid_credential',
    () => forge({ alg: 'none', typ: 'JWT', kid: api.signingKey.kid }, goodClaims(), () => ''),
  ],
  'alg none, with the signature of a good token': [
    'invalid_credential',
    () => forge({ alg: 'none', kid: api.signingKey.kid }, goodClaims(), () => String(sign().split('.')[2])),
  ],
  'HS256 with the public key as the secret': [
    'invalid_credential',
    () =>
      forge({ alg: 'HS256', typ: 'JWT', kid: api.signingKey.kid }, goodClaims(), (input) =>
        createHmac('sha256', api.signingKey.publicPem).update(input).digest('base64url'),
      ),
  ],
  'an unknown kid': ['invalid_credential', () => sign({ keyid: 'nope' })],
  'no kid': ['invalid_credential', () => forge({ alg: 'ES256' }, goodClaims(), () => String(sign().split('.')[2]))],
  'another key that names the kid of ours': [
    'invalid_credential',
    async () => signToken({ ...(await addSigningKey(api.bench.owner)), kid: api.signingKey.kid }, identity()),
  ],
  'a signature cut short': ['invalid_credential', () => sign().slice(0, -4)],
  'a signature cut off': ['invalid_credential', () => sign().split('.').slice(0, 2).join('.')],
  'claims changed after signing': [
    'invalid_credential',
    () => {
      const [header, , signature] = sign().split('.');
      return `${header}.${base64({ ...goodClaims(), jti: String(keyId + 1) })}.${signature}`;
    },
  ],
  'another issuer': ['invalid_credential', () => sign({ issuer: 'someone' })],
  'another audience': ['invalid_credential', () => sign({ audience: 'loguro-control' })],
  'another project than the key belongs to': [
    'invalid_credential',
    () => signToken(api.signingKey, { project: api.dataset.project + 1, id: keyId }),
  ],
  'another kind than the key is of': [
    'invalid_credential',
    () => signToken(api.signingKey, { ...identity(), kind: 'browser' }),
  ],
  'a key id that is no number': ['invalid_credential', () => sign({ jwtid: '1 OR 1=1' })],
  'a key id past any integer': ['invalid_credential', () => sign({ jwtid: '99999999999' })],
  'a key that does not exist': ['revoked_credential', () => sign({ jwtid: '2000000000' })],
  'a key that was revoked': [
    'revoked_credential',
    async () => {
      const { id, token } = await api.addKey();
      await api.bench.owner.query('UPDATE project_keys SET revoked_at = now() WHERE id = $1', [id]);
      return token;
    },
  ],
  'a key that has expired': [
    'expired_credential',
    async () => (await api.addKey({ expiresAt: new Date(Date.now() - 1000) })).token,
  ],
  'a token of 10,000 characters': ['invalid_credential', () => `${sign()}${'x'.repeat(10_000)}`],
};

/** A good request of every operation, but for its credential. */
function requestOf(operation: IngestOperation): Sent {
  const { method, path } = INGEST_ROUTES[operation];
  const url = path
    .replace('{datasetId}', String(api.dataset.id))
    .replace('{receiptId}', '018f4b2e-7c1a-7abc-8def-0123456789ab');
  if (method === 'GET') return { method, path: url };
  return { method, path: url, body: url.endsWith('/batch') ? [GOOD_RECORD] : GOOD_RECORD };
}

describe.each(Object.keys(INGEST_ROUTES) as IngestOperation[])('%s', (operation) => {
  test.each(Object.entries(BAD_TOKENS))('refuses %s', async (_what, [code, token]) => {
    const answer = await api.send({ ...requestOf(operation), key: await token() });
    expect([answer.status, answer.body.code]).toEqual([401, code]);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  test.each<[string, string | null]>([
    ['no header', null],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['an empty token', 'Bearer '],
    ['a token with a space', 'Bearer a b'],
  ])('refuses %s', async (_what, header) => {
    const headers = header === null ? {} : { Authorization: header };
    const answer = await api.send({ ...requestOf(operation), key: null, headers });
    expect([answer.status, answer.body.code]).toEqual([401, 'missing_credential']);
  });

  test('asks for the credential before it says anything about datasets', async () => {
    const request = requestOf(operation);
    const path = request.path.replace(`/${api.dataset.id}`, '/999999');
    expect((await api.send({ ...request, path, key: null })).status).toBe(401);
  });

  test('refuses a dataset of another project as if it did not exist', async () => {
    const other = await api.addDataset();
    const request = requestOf(operation);
    const headers: Record<string, string> = request.path.includes(`/${api.dataset.id}`)
      ? {}
      : { 'X-Loguro-Dataset-Id': String(other.id) };
    const path = request.path.replace(`/${api.dataset.id}`, `/${other.id}`);
    const answer = await api.send({ ...request, path, headers });
    expect([answer.status, answer.body.error]).toEqual([404, 'Dataset not found']);
    await other.remove();
    const gone = await api.send({ ...request, path, headers });
    expect([gone.status, gone.body.error]).toEqual([404, 'Dataset not found']);
    expect(gone.body.code).toBe(answer.body.code);
  });

  test('takes a browser key only from an origin on its list, and answers with CORS headers', async () => {
    const { token: key } = await api.addKey({ kind: 'browser', origins: ['https://shop.example'] });
    const good = await api.send({ ...requestOf(operation), key, headers: { Origin: 'https://shop.example' } });
    expect(good.status).not.toBe(403);
    expect(good.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(good.headers.get('vary')).toBe('Origin');
    for (const origin of [
      'https://evil.example',
      'http://shop.example',
      'https://shop.example:8443',
      'null',
      undefined,
    ]) {
      const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin };
      const answer = await api.send({ ...requestOf(operation), key, headers });
      expect([origin, answer.status, answer.body.code]).toEqual([origin, 403, 'origin_not_allowed']);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('never answers a server key with CORS headers', async () => {
    const answer = await api.send({ ...requestOf(operation), headers: { Origin: 'https://shop.example' } });
    expect(answer.status).not.toBe(403);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

test('a good token keeps working after any number of bad ones', async () => {
  for (const [, token] of Object.values(BAD_TOKENS))
    await api.send({ path: '/datasets', body: {}, key: await token() });
  expect((await api.send({ path: `/datasets/${api.dataset.id}?dry_run=true`, body: GOOD_RECORD })).status).toBe(200);
});

describe('a preflight', () => {
  const ask = (path: string, origin: string) =>
    api.send({
      method: 'OPTIONS',
      path,
      key: null,
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type',
      },
    });

  test('is granted to an origin that a live browser key lists, on every path alike', async () => {
    const { id } = await api.addKey({ kind: 'browser', origins: ['https://app.example'] });
    for (const path of ['/datasets', '/datasets/batch', `/datasets/${api.dataset.id}`, '/datasets/999999/batch']) {
      const answer = await ask(path, 'https://app.example');
      expect([path, answer.status]).toEqual([path, 204]);
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
      expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
    }
    const receipt = await ask(`/datasets/${api.dataset.id}/receipts/x`, 'https://app.example');
    expect(receipt.headers.get('access-control-allow-methods')).toBe('GET');
    await api.bench.owner.query('UPDATE project_keys SET revoked_at = now() WHERE id = $1', [id]);
    const refused = await waitForRefusal(() => ask('/datasets', 'https://app.example'));
    expect(refused.status).toBe(204);
  });

  test('of any other origin is answered without a grant', async () => {
    const answer = await ask(`/datasets/${api.dataset.id}`, 'https://evil.example');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('access-control-allow-headers')).toBeNull();
  });

  async function waitForRefusal(send: () => ReturnType<typeof ask>) {
    const deadline = performance.now() + 1000;
    for (;;) {
      const answer = await send();
      if (answer.headers.get('access-control-allow-origin') === null) return answer;
      if (performance.now() > deadline)
        throw new Error('The origin of a revoked key was still granted after a second.');
    }
  }
});
