import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { startTestApi, type Tenant, type TestAccount, type TestApi } from '../testing/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const at = (tenant: Tenant, as: TestAccount, accountId?: number) => ({
  as,
  params: { projectSlug: tenant.project.slug, ...(accountId !== undefined && { accountId }) },
});

test('a member is added by e-mail in any case, listed, given another role and removed', async () => {
  const tenant = await api.tenant();
  const someone = await api.account();
  const body = { email: someone.email.toUpperCase(), role: 'viewer' };
  const added = await api.call('addMember', { ...at(tenant, tenant.owner), body, expect: 201 });
  expect(added.body.member).toMatchObject({ accountId: someone.id, email: someone.email, role: 'viewer' });
  const { body: list } = await api.call('listMembers', { ...at(tenant, someone), expect: 200 });
  expect(list.members.map((member: { accountId: number }) => member.accountId)).toEqual([tenant.owner.id, someone.id]);
  const one = at(tenant, tenant.owner, someone.id);
  const updated = await api.call('updateMember', { ...one, body: { role: 'editor' }, expect: 200 });
  expect(updated.body.member).toEqual({ ...added.body.member, role: 'editor' });
  await api.call('removeMember', { ...one, expect: 204 });
  expect((await api.call('removeMember', { ...one, expect: 404 })).body.code).toBe('member_not_found');
  await api.call('listMembers', { ...at(tenant, someone), expect: 404 });
});

test('nobody is added twice, and nobody who has no account', async () => {
  const tenant = await api.tenant();
  const body = { email: tenant.owner.email, role: 'viewer' };
  const again = await api.call('addMember', { ...at(tenant, tenant.owner), body, expect: 409 });
  expect(again.body.code).toBe('already_member');
  const unknown = { email: 'nobody@example.com', role: 'viewer' };
  const nobody = await api.call('addMember', { ...at(tenant, tenant.owner), body: unknown, expect: 404 });
  expect(nobody.body.code).toBe('account_not_found');
});

test('the last owner can neither leave nor step down, and can when there is another', async () => {
  const tenant = await api.tenant();
  await api.member(tenant, 'editor');
  const self = at(tenant, tenant.owner, tenant.owner.id);
  for (const operation of ['updateMember', 'removeMember'] as const) {
    const body = operation === 'updateMember' ? { role: 'editor' } : undefined;
    expect((await api.call(operation, { ...self, body, expect: 409 })).body.code).toBe('last_owner');
  }
  await api.call('updateMember', { ...self, body: { role: 'owner' }, expect: 200 });
  await api.member(tenant, 'owner');
  await api.call('updateMember', { ...self, body: { role: 'viewer' }, expect: 200 });
});

test.each(['viewer', 'editor', 'owner'] as const)(
  'a member with the role %s may leave, and the log says so',
  async (role) => {
    const tenant = await api.tenant();
    const someone = await api.member(tenant, role);
    await api.call('removeMember', { ...at(tenant, someone, someone.id), expect: 204 });
    await api.call('listMembers', { ...at(tenant, someone), expect: 404 });
    const { body } = await api.call('listAudit', at(tenant, tenant.owner));
    expect(body.events[0]).toMatchObject({
      action: 'member.leave',
      actor: { accountId: someone.id },
      target: { type: 'member', id: String(someone.id) },
      details: { role },
    });
  },
);

test.each(['viewer', 'editor'] as const)('a member with the role %s removes nobody else', async (role) => {
  const tenant = await api.tenant();
  const someone = await api.member(tenant, role);
  const other = await api.member(tenant, 'viewer');
  for (const accountId of [other.id, tenant.owner.id, 2_000_000_000]) {
    const { body } = await api.call('removeMember', { ...at(tenant, someone, accountId), expect: 403 });
    expect(body.code).toBe('forbidden');
  }
});

test('two owners who remove each other at the same moment leave one of them', async () => {
  for (let round = 0; round < 5; round++) {
    const tenant = await api.tenant();
    const other = await api.member(tenant, 'owner');
    const answers = await Promise.all([
      api.call('removeMember', at(tenant, tenant.owner, other.id)),
      api.call('removeMember', at(tenant, other, tenant.owner.id)),
    ]);
    const statuses = answers.map(({ status }) => status).sort();
    // The loser was either already a stranger when its request was looked at, or would have been the last.
    expect([[204, 404].join(), [204, 409].join()]).toContain(statuses.join());
    const owners = await api.database.prisma.projectMember.count({
      where: { projectId: tenant.project.id, role: 'owner' },
    });
    expect(owners).toBe(1);
  }
});

test('adding one account twice at the same moment adds it once', async () => {
  const tenant = await api.tenant();
  const someone = await api.account();
  const body = { email: someone.email, role: 'viewer' };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => api.call('addMember', { ...at(tenant, tenant.owner), body })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
});

test.each(['', 'x', '@', 'a@b@c d', 'a b@c', `${'x'.repeat(250)}@example.com`, 'a\u0000@b'])(
  'the e-mail address %j is refused',
  async (email) => {
    const tenant = await api.tenant();
    await api.call('addMember', { ...at(tenant, tenant.owner), body: { email, role: 'viewer' }, expect: 400 });
  },
);

test.each(['admin', 'Owner', '', null, 1])('the role %j is refused', async (role) => {
  const tenant = await api.tenant();
  const self = at(tenant, tenant.owner, tenant.owner.id);
  await api.call('updateMember', { ...self, body: { role }, expect: 400 });
});

test('an account id that can not exist is a member that is not found', async () => {
  const tenant = await api.tenant();
  for (const accountId of ['abc', '0', '2147483648']) {
    const params = { projectSlug: tenant.project.slug, accountId };
    const { body } = await api.call('removeMember', { as: tenant.owner, params, expect: 404 });
    expect(body.code).toBe('member_not_found');
  }
});

/** Takes away a membership in a transaction that holds the project as the API itself does, around what `whileHeld` starts. */
async function removedMeanwhile(tenant: Tenant, accountId: number, whileHeld: () => Promise<{ status: number }>) {
  const client = await api.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM projects WHERE id = $1 FOR NO KEY UPDATE', [tenant.project.id]);
    await client.query('DELETE FROM project_members WHERE project_id = $1 AND account_id = $2', [
      tenant.project.id,
      accountId,
    ]);
    const answer = whileHeld();
    await waitFor(
      async () => (await api.database.pool.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount !== 0,
      { timeoutMs: 5000, what: 'the request to wait for its turn' },
    );
    await client.query('COMMIT');
    return await answer;
  } finally {
    client.release();
  }
}

test.each(['addMember', 'updateMember', 'removeMember', 'createKey', 'rotateKey', 'deleteProject'] as const)(
  'an owner who is removed while a %s of theirs waits for its turn does not get it',
  async (operation) => {
    const tenant = await api.tenant();
    const removed = await api.member(tenant, 'owner');
    const other = await api.member(tenant, 'viewer');
    const friend = await api.account();
    const owner = at(tenant, tenant.owner);
    const { body: made } = await api.call('createKey', { ...owner, body: { name: 'CI' }, expect: 201 });
    const params = { ...owner.params, accountId: other.id, keyId: made.key.id };
    const bodies = {
      addMember: { email: friend.email, role: 'owner' },
      updateMember: { role: 'owner' },
      createKey: { name: 'Mine' },
      rotateKey: {},
    };
    const body = operation in bodies ? bodies[operation as keyof typeof bodies] : undefined;
    const { status } = await removedMeanwhile(tenant, removed.id, () =>
      api.call(operation, { as: removed, params, body }),
    );
    expect(status).toBe(404);
    await api.call('readProject', { ...owner, expect: 200 });
    const members = await api.call('listMembers', { ...owner, expect: 200 });
    expect(members.body.members).toMatchObject([
      { accountId: tenant.owner.id },
      { accountId: other.id, role: 'viewer' },
    ]);
    const keys = await api.call('listKeys', { ...owner, expect: 200 });
    expect(keys.body.keys).toMatchObject([{ id: made.key.id, revokedAt: null }]);
  },
);
