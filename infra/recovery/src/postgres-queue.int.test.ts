import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findSystemPostgres, withClient, withUrl } from '@loguro/servers';
import { createTestDatabase, type PrivatePostgres, startPostgres, type TestDatabase, waitFor } from '@loguro/testing';
import { adminJson } from './admin.js';
import { createInstallation, type Installation } from './installation.js';
import { answersOf, openShop, order, type Shop, storedNumbers } from './shop.js';

/** As everywhere on the run's server, so that restoring there changes no password of others. */
const PASSWORDS = { control: 'loguro_control', query: 'loguro_query', ingest: 'loguro_ingest' };
const secretKey = randomBytes(32).toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'loguro-queue-'));
const name = `test_restored_${randomBytes(6).toString('hex')}`;

let older: PrivatePostgres;
let newer: TestDatabase;
let source: Installation;
let restored: Installation;
let shop: Shop;

beforeAll(async () => {
  const binaries = findSystemPostgres({ path: process.env.PATH ?? '', say: console.log });
  older = await startPostgres({ binaries, empty: true, settings: { fsync: 'off' } });
  newer = await createTestDatabase();
  await withClient(older.url, (client) => client.query('CREATE DATABASE loguro'));
  await withClient(newer.ownerUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const on = (ownerUrl: string) => createInstallation({ ownerUrl, passwords: PASSWORDS, secretKey });
  source = await on(withUrl(older.url, { database: 'loguro' }));
  restored = await on(withUrl(newer.ownerUrl, { database: name }));
  for (const { adminEnv } of [source, restored]) adminEnv.LOGURO_POSTGRES_PROGRAMS = binaries.folder;
}, 120_000);

afterAll(async () => {
  await Promise.all([source?.kill(), restored?.kill()]);
  await withClient(newer.ownerUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  await Promise.all([newer.drop(), older.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

test('a queue in PostgreSQL goes back with the database to the same moment, also to a newer version of PostgreSQL', async () => {
  const file = join(folder, 'loguro.dump');
  await adminJson(['migrate'], source.adminEnv);
  await source.start('control');
  await source.start('ingest', 'worker');
  shop = await openShop(source);
  const send = (numbers: number[]) =>
    source.post(`/datasets/${shop.orders}/batch`, { key: shop.key, body: numbers.map(order) });
  const amounts = (installation: Installation) => storedNumbers(installation.ownerUrl, shop.orders, 'amount');

  await send([1, 2, 3]);
  await waitFor(async () => (await amounts(source)).length === 3, { timeoutMs: 30_000, what: 'records to be stored' });
  await source.processes.worker.end('SIGTERM');
  expect((await send([4, 5])).status).toBe(202);
  await adminJson(['backup', file], source.adminEnv);
  expect((await send([6])).status).toBe(202);
  const before = await answersOf(source, shop);
  await source.kill();

  await adminJson(['restore', file], restored.adminEnv);
  await restored.start('control', 'ingest');
  expect(await answersOf(restored, shop)).toEqual(before);
  await restored.start('worker');
  // Waiting and accepted before the backup: stored. Accepted after it: gone, queue and all.
  await waitFor(async () => (await amounts(restored)).length >= 5, {
    timeoutMs: 30_000,
    what: 'the queue to be stored',
  });
  const after = await restored.post(`/datasets/${shop.orders}`, { key: shop.key, body: order(7) });
  expect(after.status).toBe(202);
  await waitFor(async () => (await amounts(restored)).includes(8.75), { timeoutMs: 30_000, what: 'a new record' });
  expect(await amounts(restored)).toEqual([1.25, 2.5, 3.75, 5, 6.25, 8.75]);
}, 120_000);
