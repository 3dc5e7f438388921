import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loguro/testing';
import { type Database, openDatabase } from '../database/database.js';
import { createSigningKeys, SecretKeyError } from './signing-keys.js';

let databases: TestDatabase;
let database: Database;
beforeAll(async () => {
  databases = await createTestDatabase();
  database = openDatabase({
    url: databases.controlUrl,
    poolSize: 8,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 5000,
  });
});
afterAll(async () => {
  await database.close();
  await databases.drop();
});

test('processes that start at once agree on one key, which only their secret opens', async () => {
  const secret = randomBytes(32);
  const replicas = Array.from({ length: 6 }, () => createSigningKeys(database, secret));
  const signers = await Promise.all(replicas.map((replica) => replica.current()));
  expect(new Set(signers.map(({ kid }) => kid)).size).toBe(1);
  expect(await database.prisma.signingKey.count()).toBe(1);

  const stranger = createSigningKeys(database, randomBytes(32));
  await expect(stranger.current()).rejects.toThrow(SecretKeyError);
  await expect(stranger.current()).rejects.toThrow(/LOGURO_SECRET_KEY does not open the signing key/);

  const stored = await database.prisma.signingKey.findFirstOrThrow();
  expect(Buffer.from(stored.privateKey).includes('PRIVATE KEY')).toBe(false);
  expect(await database.prisma.auditEvent.count({ where: { action: 'signing_key.create' } })).toBe(1);
});

test('a key that was retired signs nothing more', async () => {
  const secret = randomBytes(32);
  await database.prisma.signingKey.updateMany({ data: { retiredAt: new Date() } });
  const keys = createSigningKeys(database, secret);
  const first = await keys.current();
  await database.prisma.signingKey.updateMany({ data: { retiredAt: new Date() } });
  expect((await keys.current()).kid).not.toBe(first.kid);
});
