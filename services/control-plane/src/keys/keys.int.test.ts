import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import jwt from 'jsonwebtoken';
import { Client } from 'pg';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let ingest: Client;
let tenant: Tenant;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant();
  ingest = new Client({ connectionString: api.databases.ingestUrl });
  await ingest.connect();
});
afterAll(async () => {
  await ingest.end();
  await api.stop();
});

const at = (keyId?: number) => ({
  as: tenant.owner,
  params: { projectSlug: tenant.project.slug, ...(keyId !== undefined && { keyId }) },
});
const create = async (body: object) => (await api.call('createKey', { ...at(), body, expect: 201 })).body;
/** What ingest, with its own role, can see of a key. */
const seenByIngest = async (id: number) =>
  (await ingest.query('SELECT * FROM ingest.project_keys WHERE id = $1', [id])).rows[0];

test('the secret is a JWT that ingest can verify with the public key alone', async () => {
  const { key, secret } = await create({ name: 'production' });
  expect(key).toMatchObject({
    name: 'production',
    kind: 'server',
    allowedOrigins: [],
    expiresAt: null,
    revokedAt: null,
  });
  const { header } = jwt.decode(secret, { complete: true }) as jwt.Jwt;
  expect(header).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) });
  const { rows } = await ingest.query('SELECT public_key FROM signing_keys WHERE kid = $1', [header.kid]);
  const claims = jwt.verify(secret, rows[0].public_key, { algorithms: ['ES256'] });
  expect(claims).toEqual({
    iss: 'loguro',
    aud: 'loguro-ingest',
    sub: String(tenant.project.id),
    jti: String(key.id),
    kind: 'server',
    iat: expect.any(Number),
  });
  expect(await seenByIngest(key.id)).toEqual({
    id: key.id,
    project_id: tenant.project.id,
    kind: 'server',
    allowed_origins: [],
    expires_at: null,
  });
});

test('the secret is in no other answer, not in the audit log and not in the database', async () => {
  const { key, secret } = await create({ name: 'hidden' });
  const signature = secret.split('.')[2] as string;
  const list = await api.call('listKeys', at());
  const audit = await api.call('listAudit', at());
  expect(JSON.stringify([list.body, audit.body])).not.toContain(signature);
  expect(list.body.keys[0]).toEqual(key);
  expect(JSON.stringify(await api.database.prisma.projectKey.findMany())).not.toContain(signature);
});

test('the list says when ingest last saw a key, also after a change of the key; a new one was never used', async () => {
  const { key } = await create({ name: 'busy' });
  expect(key.lastUsedAt).toBeNull();
  const seen = '2026-06-10T10:58:00.000Z';
  await ingest.query('UPDATE ingest.key_uses SET last_used_at = $2 WHERE key_id = $1', [key.id, seen]);
  const { body } = await api.call('updateKey', { ...at(key.id), body: { name: 'busier' }, expect: 200 });
  expect(body.key).toMatchObject({ name: 'busier', lastUsedAt: seen });
  const successor = (await api.call('rotateKey', { ...at(key.id), body: {}, expect: 201 })).body.key;
  const { keys } = (await api.call('listKeys', at())).body;
  const shown = keys.map((one: { id: number; lastUsedAt: string | null }) => [one.id, one.lastUsedAt]);
  expect(shown).toEqual(
    expect.arrayContaining([
      [key.id, seen],
      [successor.id, null],
    ]),
  );
});

describe('browser keys', () => {
  test('keep their origins as browsers spell them', async () => {
    const { key } = await create({
      name: 'web',
      kind: 'browser',
      allowedOrigins: ['https://App.Example.com', 'https://app.example.com:443', 'http://localhost:3000'],
    });
    expect(key.allowedOrigins).toEqual(['https://app.example.com', 'http://localhost:3000']);
    const { body } = await api.call('updateKey', { ...at(key.id), body: { allowedOrigins: ['https://b.example'] } });
    expect(body.key.allowedOrigins).toEqual(['https://b.example']);
    expect((await seenByIngest(key.id)).allowed_origins).toEqual(['https://b.example']);
    await api.call('updateKey', { ...at(key.id), body: { allowedOrigins: [] }, expect: 400 });
  });

  test.each([
    [{ name: 'a', kind: 'browser' }, 'allowedOrigins'],
    [{ name: 'a', kind: 'browser', allowedOrigins: [] }, 'allowedOrigins'],
    [{ name: 'a', allowedOrigins: ['https://a.example'] }, 'allowedOrigins'],
    [{ name: 'a', kind: 'browser', allowedOrigins: ['*'] }, 'allowedOrigins[0]'],
    [{ name: 'a', kind: 'browser', allowedOrigins: ['https://a.example/path'] }, 'allowedOrigins[0]'],
    [{ name: 'a', kind: 'browser', allowedOrigins: ['https://user:pw@a.example'] }, 'allowedOrigins[0]'],
    [{ name: 'a', kind: 'browser', allowedOrigins: ['https://a.example:99999'] }, 'allowedOrigins[0]'],
    [{ name: 'a', kind: 'admin' }, 'kind'],
    [{ name: 'a', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ name: 'a', expiresAt: 'tomorrow' }, 'expiresAt'],
  ])('%j is refused, naming %s', async (body, path) => {
    const { body: answer } = await api.call('createKey', { ...at(), body, expect: 400 });
    expect(answer.details[0].path).toBe(path);
  });

  test('a server key gets no origins later either', async () => {
    const { key } = await create({ name: 'server' });
    await api.call('updateKey', { ...at(key.id), body: { allowedOrigins: ['https://a.example'] }, expect: 400 });
    const { body } = await api.call('updateKey', { ...at(key.id), body: { name: 'renamed' }, expect: 200 });
    expect(body.key).toEqual({ ...key, name: 'renamed' });
  });
});

describe('rotation', () => {
  test('without an overlap ends the old key at once', async () => {
    const { key } = await create({ name: 'web', kind: 'browser', allowedOrigins: ['https://a.example'] });
    const { body } = await api.call('rotateKey', { ...at(key.id), body: {}, expect: 201 });
    expect(body.key).toMatchObject({ name: 'web', kind: 'browser', allowedOrigins: ['https://a.example'] });
    expect(body.key.id).not.toBe(key.id);
    expect(await seenByIngest(key.id)).toBeUndefined();
    expect((await api.call('rotateKey', { ...at(key.id), body: {}, expect: 409 })).body.code).toBe(
      'credential_inactive',
    );
  });

  test('with an overlap lets the old key live that long, but not longer than it would have', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const unlimited = (await create({ name: 'a' })).key;
    const limited = (await create({ name: 'b', expiresAt: soon })).key;
    for (const { id } of [unlimited, limited]) {
      await api.call('rotateKey', { ...at(id), body: { overlapSeconds: 3600 }, expect: 201 });
    }
    const inAnHour = Date.now() + 3600_000;
    expect(Math.abs((await seenByIngest(unlimited.id)).expires_at.getTime() - inAnHour)).toBeLessThan(10_000);
    expect((await seenByIngest(limited.id)).expires_at.toISOString()).toBe(soon);
  });

  test('needs no body', async () => {
    const { key } = await create({ name: 'a' });
    await api.call('rotateKey', { ...at(key.id), expect: 201 });
  });

  test.each([-1, 0.5, 2592001, '60'])('the overlap %j is refused', async (overlapSeconds) => {
    const { key } = await create({ name: 'a' });
    await api.call('rotateKey', { ...at(key.id), body: { overlapSeconds }, expect: 400 });
  });
});

test('a revoked key is gone for ingest, which is told so, and stays in the list', async () => {
  const { key } = await create({ name: 'leaked' });
  const changes: string[] = [];
  ingest.on('notification', ({ payload }) => changes.push(payload ?? ''));
  await ingest.query('LISTEN loguro_changes');
  await api.call('revokeKey', { ...at(key.id), expect: 204 });
  await waitFor(async () => changes.length > 0, { timeoutMs: 1000, what: 'the notification' });
  expect(JSON.parse(changes[0] as string)).toEqual({ kind: 'project_key', id: key.id });
  expect(await seenByIngest(key.id)).toBeUndefined();
  await api.call('revokeKey', { ...at(key.id), expect: 204 });
  const { body } = await api.call('listKeys', at());
  expect(body.keys.find(({ id }: { id: number }) => id === key.id).revokedAt).toEqual(expect.any(String));
});

test('a key of another project is not found', async () => {
  const other = await api.tenant();
  const params = { projectSlug: other.project.slug };
  const { body } = await api.call('createKey', { as: other.owner, params, body: { name: 'theirs' }, expect: 201 });
  for (const operation of ['updateKey', 'rotateKey', 'revokeKey'] as const) {
    const answer = await api.call(operation, {
      ...at(body.key.id),
      body: operation === 'updateKey' ? { name: 'x' } : {},
    });
    expect(answer.body.code).toBe('key_not_found');
  }
});
