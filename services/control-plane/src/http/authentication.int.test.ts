import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES, type ControlOperation, generatePat, ROLES, type Role, roleAtLeast } from '@loguro/types';
import { startTestApi, type Tenant, type TestAccount, type TestApi } from '../testing/test-api.js';

// Every operation of the contract inherits these tests: a new one can't be forgotten.
const OPERATIONS = Object.entries(CONTROL_ROUTES) as [
  ControlOperation,
  { method: string; path: string; credential: string; role?: Role },
][];
const guarded = OPERATIONS.filter(([, route]) => route.credential === 'pat').map(([operation]) => operation);
const inProject = OPERATIONS.filter(([, { path }]) => path.includes('{projectSlug}')).map(([operation]) => operation);
const tooWeak = OPERATIONS.flatMap(([operation, { role: needed }]) =>
  needed === undefined ? [] : ROLES.filter((role) => !roleAtLeast(role, needed)).map((role) => ({ operation, role })),
);

let api: TestApi;
let tenant: Tenant;
let stranger: TestAccount;
const members = new Map<Role, TestAccount>();
let projectKey: string;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant();
  stranger = await api.account();
  for (const role of ROLES) members.set(role, await api.member(tenant, role));
  const params = { projectSlug: tenant.project.slug };
  const { body } = await api.call('createKey', { as: tenant.owner, params, body: { name: 'server' }, expect: 201 });
  projectKey = body.secret;
});
afterAll(() => api.stop());

const paramsOf = () => ({ projectSlug: tenant.project.slug });

async function freshToken(change: { expiresAt?: Date; revokedAt?: Date }): Promise<string> {
  const { body } = await api.call('createToken', { as: tenant.owner, body: { name: 'x' }, expect: 201 });
  await api.database.prisma.personalAccessToken.update({ where: { id: body.token.id }, data: change });
  return body.secret;
}

describe.each(guarded)('%s', (operation) => {
  const expect401 = async (as: string | undefined, code: string, headers = {}) => {
    const response = await api.call(operation, { ...(as !== undefined && { as }), params: paramsOf(), headers });
    expect(response.body).toMatchObject({ code, error: expect.any(String) });
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
  };

  test('answers 401 without a credential', () => expect401(undefined, 'missing_credential'));

  test.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer ', 'pat_x', 'Bearer a b', 'Bearer \u00e9'])(
    'answers 401 to the malformed header %j',
    (authorization) => expect401(undefined, 'missing_credential', { Authorization: authorization }),
  );

  test('answers 401 to a token with a wrong checksum', async () => {
    const pat = tenant.owner.pat;
    await expect401(pat.slice(0, -1) + (pat.endsWith('0') ? '1' : '0'), 'invalid_credential');
    await expect401(pat.slice(0, -1), 'invalid_credential');
  });

  test('answers 401 to a well-formed token that nobody has', () => expect401(generatePat(), 'invalid_credential'));

  test('answers 401 to an expired token', async () => {
    await expect401(await freshToken({ expiresAt: new Date(Date.now() - 1000) }), 'expired_credential');
  });

  test('answers 401 to a revoked token', async () => {
    await expect401(await freshToken({ revokedAt: new Date() }), 'revoked_credential');
  });

  test('answers 401 to a project API key', () => expect401(projectKey, 'wrong_credential'));
});

describe.each(inProject)('%s', (operation) => {
  test('does not tell a project of other people from one that does not exist', async () => {
    const foreign = await api.call(operation, { as: stranger, params: paramsOf() });
    const missing = await api.call(operation, { as: stranger, params: { projectSlug: `none-${randomUUID()}` } });
    for (const { status, body } of [foreign, missing]) {
      expect(status).toBe(404);
      expect(body).toEqual({ error: 'Project not found', code: 'project_not_found', requestId: expect.any(String) });
    }
  });

  test.each(['Local', 'a b', '%00', '..%2f..', `'; DROP TABLE accounts; --`, '%F0%9F%92%A9', 'x'.repeat(3000)])(
    'has no project named %j',
    async (projectSlug) => {
      const { body } = await api.call(operation, { as: stranger, params: { projectSlug } });
      expect(body).toMatchObject({ error: 'Project not found', code: 'project_not_found' });
    },
  );
});

test.each(tooWeak)('$operation is forbidden for a $role', async ({ operation, role }) => {
  const response = await api.call(operation, { as: members.get(role) as TestAccount, params: paramsOf() });
  expect(response.status).toBe(403);
  expect(response.body.code).toBe('forbidden');
});

test('a role that was taken away counts from the next request on', async () => {
  const someone = await api.member(tenant, 'editor');
  const params = { ...paramsOf(), accountId: someone.id };
  await api.call('createDataset', { as: someone, params, body: { name: 'mine' }, expect: 201 });
  await api.call('updateMember', { as: tenant.owner, params, body: { role: 'viewer' }, expect: 200 });
  await api.call('createDataset', { as: someone, params, body: { name: 'mine' }, expect: 403 });
  await api.call('removeMember', { as: tenant.owner, params, expect: 204 });
  await api.call('listDatasets', { as: someone, params, expect: 404 });
});
