import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { pino } from 'pino';
import { startControlPlane } from '../control-plane.js';
import { createSigningKeys, SecretKeyError } from '../keys/signing-keys.js';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';
import { runCommand } from './commands.js';
import { listSigningKeys, reencryptSigningKeys, rotateSigningKey } from './signing-keys.js';

let api: TestApi;
let tenant: Tenant;
const secret = randomBytes(32);
beforeAll(async () => {
  api = await startTestApi({ LOGURO_SECRET_KEY: secret.toString('base64') });
  tenant = await api.tenant();
});
afterAll(() => api.stop());

const run = (...argv: string[]) =>
  runCommand(argv, {
    LOGURO_DATABASE_URL: api.databases.controlUrl,
    LOGURO_SECRET_KEY: secret.toString('base64'),
  });

async function newKey(): Promise<{ id: number; kid: string }> {
  const params = { projectSlug: tenant.project.slug };
  const { body } = await api.call('createKey', {
    as: tenant.owner,
    params,
    body: { name: 'k', kind: 'server' },
    expect: 201,
  });
  return { id: body.key.id, kid: jwt.decode(body.secret, { complete: true })?.header.kid as string };
}

test('a new signing key signs at once, and the old one is retired only when nothing in use depends on it', async () => {
  const first = await newKey();
  const { json } = await run('signing-keys', 'rotate');
  const { kid } = json as { kid: string };
  const second = await newKey();
  expect([first.kid === kid, second.kid]).toEqual([false, kid]);
  expect(await listSigningKeys(api.database)).toMatchObject([
    { kid, state: 'signing', liveKeys: 1 },
    { kid: first.kid, state: 'verifying', liveKeys: 1, projects: [{ slug: tenant.project.slug, liveKeys: 1 }] },
  ]);

  await expect(run('signing-keys', 'retire', kid)).rejects.toThrow('signs new project keys. Make another first');
  await expect(run('signing-keys', 'retire', 'nonsense')).rejects.toThrow('There is no signing key nonsense.');
  await expect(run('signing-keys', 'retire', first.kid)).rejects.toThrow(
    new RegExp(`1 project API key in use would end[\\s\\S]*${tenant.project.slug}: 1[\\s\\S]*--force`),
  );
  const params = { projectSlug: tenant.project.slug, keyId: first.id };
  await api.call('revokeKey', { as: tenant.owner, params, expect: 204 });
  expect((await run('signing-keys', 'retire', first.kid)).text).toContain(
    'is retired. Project API keys that ended with it: 0.',
  );
  await expect(run('signing-keys', 'retire', first.kid)).rejects.toThrow('was retired already');
  expect((await run('signing-keys', 'list')).text).toMatch(/ signing {4}since[\s\S]* retired {4}since/);
  const actions = await api.database.prisma.auditEvent.findMany({
    where: { targetType: 'signing_key' },
    orderBy: { id: 'asc' },
  });
  expect(actions.map(({ action }) => action)).toEqual([
    'signing_key.create',
    'signing_key.create',
    'signing_key.retire',
  ]);
});

test('with --force a key is retired while project keys depend on it, and says how many end', async () => {
  const { kid } = await newKey();
  await run('signing-keys', 'rotate');
  const [, old] = await listSigningKeys(api.database);
  expect(old?.kid).toBe(kid);
  const { json } = await run('signing-keys', 'retire', kid, '--force');
  expect(json).toMatchObject({ kid, state: 'retired', liveKeys: old?.liveKeys });
});

test('a rotation with another secret key is refused: two secrets in one table would lock out both', async () => {
  const before = await listSigningKeys(api.database);
  await expect(rotateSigningKey(api.database, randomBytes(32))).rejects.toThrow(SecretKeyError);
  expect(await listSigningKeys(api.database)).toEqual(before);
});

test('all signing keys are encrypted anew, or none; then only the new secret key opens them', async () => {
  const to = randomBytes(32);
  await expect(reencryptSigningKeys(api.database, { from: randomBytes(32), to })).rejects.toThrow(SecretKeyError);
  const running = createSigningKeys(api.database, secret);
  const signer = await running.current();

  const { text } = await runCommand(['signing-keys', 'reencrypt'], {
    LOGURO_DATABASE_URL: api.databases.controlUrl,
    LOGURO_SECRET_KEY: secret.toString('base64'),
    LOGURO_NEW_SECRET_KEY: to.toString('base64'),
  });
  expect(text).toContain('encrypted anew: 3.');
  // A process that runs goes on with the key it has opened, until it is restarted.
  expect((await running.current()).kid).toBe(signer.kid);
  await expect(createSigningKeys(api.database, secret).current()).rejects.toThrow(SecretKeyError);
  const again = await createSigningKeys(api.database, to).current();
  expect(again.privateKey.equals(signer.privateKey)).toBe(true);
  await expect(
    startControlPlane({ ...api.config, port: 0, opsPort: 0 }, '0', pino({ level: 'silent' })),
  ).rejects.toThrow(/LOGURO_SECRET_KEY does not open/);
});

test('the same secret key twice, or a malformed one, is refused before anything is touched', async () => {
  const env = { LOGURO_DATABASE_URL: api.databases.controlUrl, LOGURO_SECRET_KEY: secret.toString('base64') };
  const same = { ...env, LOGURO_NEW_SECRET_KEY: env.LOGURO_SECRET_KEY };
  await expect(runCommand(['signing-keys', 'reencrypt'], same)).rejects.toThrow('in use already');
  await expect(runCommand(['signing-keys', 'reencrypt'], env)).rejects.toThrow('LOGURO_NEW_SECRET_KEY is not set');
  await expect(runCommand(['signing-keys', 'rotate'], { ...env, LOGURO_SECRET_KEY: 'short' })).rejects.toThrow(
    'LOGURO_SECRET_KEY is not 32 bytes',
  );
});

test.each([[[]], [['melt']], [['retire']], [['retire', '--force']], [['rotate', '--now']]])(
  'signing-keys %j is a usage error',
  async (args) => {
    await expect(run('signing-keys', ...args)).rejects.toThrow(/needs one of|is needed|--now/);
  },
);
