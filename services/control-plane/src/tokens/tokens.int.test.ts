import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { isWellFormedPat } from '@loguro/types';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

test('a token tells who is calling', async () => {
  const as = await api.account();
  const { body } = await api.call('readMe', { as, expect: 200 });
  expect(body.account).toMatchObject({ id: as.id, email: as.email, name: 'Someone' });
  expect(body.token).toMatchObject({ id: as.tokenId, name: 'first token', expiresAt: null, revokedAt: null });
});

test('a new token works at once, is shown once, and is stored as a hash', async () => {
  const as = await api.account();
  const expiresAt = new Date(Date.now() + 3600_000).toISOString();
  const { body } = await api.call('createToken', { as, body: { name: 'CI', expiresAt }, expect: 201 });
  expect(isWellFormedPat(body.secret)).toBe(true);
  expect(body.token).toMatchObject({ name: 'CI', expiresAt, lastUsedAt: null, revokedAt: null });
  expect((await api.call('readMe', { as: body.secret, expect: 200 })).body.token.id).toBe(body.token.id);
  const { body: list } = await api.call('listTokens', { as, expect: 200 });
  expect(list.tokens.map(({ id }: { id: number }) => id)).toEqual([body.token.id, as.tokenId]);
  expect(JSON.stringify(list)).not.toContain(body.secret);
  const rows = await api.database.pool.query('SELECT * FROM personal_access_tokens, audit_events');
  expect(JSON.stringify(rows.rows)).not.toContain(body.secret.slice(4));
});

test('a revoked token is refused from the next request on', async () => {
  const as = await api.account();
  const { body } = await api.call('createToken', { as, body: { name: 'leaked' }, expect: 201 });
  await api.call('readMe', { as: body.secret, expect: 200 });
  await api.call('revokeToken', { as, params: { tokenId: body.token.id }, expect: 204 });
  expect((await api.call('readMe', { as: body.secret, expect: 401 })).body.code).toBe('revoked_credential');
  await api.call('revokeToken', { as, params: { tokenId: body.token.id }, expect: 204 });
});

test('a token can end itself', async () => {
  const as = await api.account();
  await api.call('revokeToken', { as, params: { tokenId: as.tokenId }, expect: 204 });
  await api.call('readMe', { as, expect: 401 });
});

test('rotation without an overlap replaces a token at once', async () => {
  const as = await api.account();
  const { body } = await api.call('rotateToken', { as, params: { tokenId: as.tokenId }, body: {}, expect: 201 });
  await api.call('readMe', { as, expect: 401 });
  expect((await api.call('readMe', { as: body.secret, expect: 200 })).body.token.name).toBe('first token');
});

test('rotation with an overlap leaves both good until it is over', async () => {
  const as = await api.account();
  const params = { tokenId: as.tokenId };
  const { body } = await api.call('rotateToken', { as, params, body: { overlapSeconds: 2 }, expect: 201 });
  await api.call('readMe', { as: body.secret, expect: 200 });
  await api.call('readMe', { as, expect: 200 });
  await waitFor(async () => (await api.call('readMe', { as })).body.code === 'expired_credential', {
    timeoutMs: 5000,
    what: 'the old token to expire',
  });
  const again = await api.call('rotateToken', { as: body.secret, params, body: {}, expect: 409 });
  expect(again.body.code).toBe('credential_inactive');
});

test('the successor of a token that expires lives as long as that was meant to', async () => {
  const as = await api.account();
  const expiresAt = new Date(Date.now() + 3600_000).toISOString();
  const { body: old } = await api.call('createToken', { as, body: { name: 'CI', expiresAt }, expect: 201 });
  const params = { tokenId: old.token.id };
  const { body } = await api.call('rotateToken', { as, params, body: {}, expect: 201 });
  const lifetime = new Date(body.token.expiresAt).getTime() - new Date(body.token.createdAt).getTime();
  expect(Math.abs(lifetime - 3600_000)).toBeLessThan(10_000);
});

test('no token outlives the one it was made with', async () => {
  const as = await api.account();
  const expiresAt = new Date(Date.now() + 3600_000).toISOString();
  const { body: short } = await api.call('createToken', { as, body: { name: 'CI', expiresAt }, expect: 201 });
  const late = new Date(Date.now() + 3601_000).toISOString();
  for (const asked of [late, null]) {
    const body = { name: 'x', expiresAt: asked };
    const refused = await api.call('createToken', { as: short.secret, body, expect: 400 });
    expect(refused.body.details).toEqual([{ path: 'expiresAt', message: expect.stringContaining(expiresAt) }]);
  }
  const child = await api.call('createToken', { as: short.secret, body: { name: 'x' }, expect: 201 });
  expect(child.body.token.expiresAt).toBe(expiresAt);
  // Neither by rotating itself, nor by rotating one that never ends.
  for (const tokenId of [as.tokenId, short.token.id]) {
    const rotated = await api.call('rotateToken', {
      as: short.secret,
      params: { tokenId },
      body: { overlapSeconds: 60 },
      expect: 201,
    });
    expect(rotated.body.token.expiresAt).toBe(expiresAt);
  }
  const { body: list } = await api.call('listTokens', { as, expect: 200 });
  expect(list.tokens).toHaveLength(5);
});

test('of rotations without an overlap at the same time exactly one succeeds', async () => {
  const as = await api.account();
  const { body: old } = await api.call('createToken', { as, body: { name: 'x' }, expect: 201 });
  const params = { tokenId: old.token.id };
  const answers = await Promise.all(Array.from({ length: 4 }, () => api.call('rotateToken', { as, params, body: {} })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
});

test('a token of another account is not found', async () => {
  const other = await api.account();
  const as = await api.account();
  for (const operation of ['rotateToken', 'revokeToken'] as const) {
    const { body } = await api.call(operation, { as, params: { tokenId: other.tokenId }, expect: 404 });
    expect(body.code).toBe('token_not_found');
  }
});

test.each(['2020-01-01T00:00:00Z', 'never', '2026-02-31T00:00:00Z', 12])(
  'the expiry %j is refused',
  async (expiresAt) => {
    const as = await api.account();
    await api.call('createToken', { as, body: { name: 'x', expiresAt }, expect: 400 });
  },
);

test('the last use is noted, at most once a minute', async () => {
  const as = await api.account();
  const lastUse = async () => {
    const { prisma } = api.database;
    return (await prisma.personalAccessToken.findUniqueOrThrow({ where: { id: as.tokenId } })).lastUsedAt;
  };
  expect(await lastUse()).toBeNull();
  await api.call('readMe', { as });
  const first = await waitFor(lastUse, { timeoutMs: 2000, what: 'the last use to be written' });
  await Promise.all(Array.from({ length: 10 }, () => api.call('readMe', { as })));
  expect(await lastUse()).toEqual(first);
  const { prisma } = api.database;
  const earlier = new Date(Date.now() - 61_000);
  await prisma.personalAccessToken.update({ where: { id: as.tokenId }, data: { lastUsedAt: earlier } });
  await api.call('readMe', { as });
  await waitFor(async () => ((await lastUse()) as Date) > earlier, { timeoutMs: 2000, what: 'the next use' });
});

test.each(['createToken', 'rotateToken'] as const)(
  'a token that is revoked while a %s with it is under way makes no other one',
  async (operation) => {
    const as = await api.account();
    const { body: leaked } = await api.call('createToken', { as, body: { name: 'leaked' }, expect: 201 });
    const client = await api.database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('UPDATE personal_access_tokens SET revoked_at = now() WHERE id = $1', [leaked.token.id]);
      const body = operation === 'createToken' ? { name: 'Mine' } : {};
      const answer = api.call(operation, { as: leaked.secret, params: { tokenId: as.tokenId }, body });
      await waitFor(
        async () => (await api.database.pool.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount !== 0,
        { timeoutMs: 5000, what: 'the request to wait for the revocation' },
      );
      await client.query('COMMIT');
      expect((await answer).body.code).toBe('revoked_credential');
    } finally {
      client.release();
    }
    const { body: list } = await api.call('listTokens', { as, expect: 200 });
    expect(list.tokens).toHaveLength(2);
  },
);

test('two tokens that rotate each other at the same moment do not wait for each other for ever', async () => {
  for (let round = 0; round < 5; round++) {
    const as = await api.account();
    const { body: second } = await api.call('createToken', { as, body: { name: 'second' }, expect: 201 });
    const answers = await Promise.all([
      api.call('rotateToken', { as, params: { tokenId: second.token.id }, body: {} }),
      api.call('rotateToken', { as: second.secret, params: { tokenId: as.tokenId }, body: {} }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401]);
  }
});
