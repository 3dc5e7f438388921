import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand as runIngestCommand } from '@loguro/ingest/dist/admin/commands.js';
import { findSystemPostgres, type SystemPostgres, withClient, withUrl } from '@loguro/servers';
import { createTestRedis, type PrivatePostgres, startPostgres, type TestRedis, waitFor } from '@loguro/testing';
import { admin, adminJson } from './admin.js';
import { type Answer, createInstallation, type Installation } from './installation.js';
import { privilegesOf } from './privileges.js';
import { copyRedis, type RedisCopy, setBackRedis } from './redis-copy.js';
import { answersOf, ORDER_FIELDS, openShop, order, type Shop, storedNumbers } from './shop.js';

/** An installation that is backed up while it works, lost, and restored on another server. */
const OLD = { control: 'old control', query: 'old query', ingest: 'old ingest' };
const NEW = { control: 'new control', query: "new 'query'", ingest: 'new/ingest' };
const secretKey = randomBytes(32).toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'loguro-restore-'));
const file = join(folder, 'loguro.dump');

let binaries: SystemPostgres;
let servers: PrivatePostgres[];
let redis: TestRedis;
let lost: Installation;
let restored: Installation;
let shop: Shop;

/** Numbers of the records that were answered 202, in the order in which they were sent. */
const accepted: number[] = [];
let sent = 0;
/** What the first installation held and said. */
let before: { answers: Record<string, Answer>; privileges: string[]; numbers: number[] };
/** Numbers that the first installation had stored when it was lost. */
let storedAtLoss: number[];
/** Redis as it was while records waited that were stored soon after. */
let olderRedis: RedisCopy;
/** Where a tail of the numbers was. */
let cursor: string;
/** Made after the backup. */
let late: { dataset: number; key: string };
/** Revoked after the backup. */
let revoked: { pat: string; tokenId: number; key: string; keyId: number };
let backup: { begunAt: string; endedAt: string; bytes: number };

beforeAll(async () => {
  binaries = findSystemPostgres({ path: process.env.PATH ?? '', say: console.log });
  const settings = { fsync: 'off' };
  servers = await Promise.all([
    startPostgres({ binaries, empty: true, settings }),
    startPostgres({ binaries, empty: true }),
  ]);
  redis = await createTestRedis();
  lost = await installationOn(servers[0], OLD);
  await adminJson(['migrate'], lost.adminEnv);
  await lost.start('control');
  await lost.start('ingest', 'worker');
  shop = await openShop(lost);
  await liveForAWhile();
  await backUpAndGoOn();
  await loseIt();
}, 180_000);

afterAll(async () => {
  await Promise.all([lost?.kill(), restored?.kill()]);
  await redis?.drop();
  await Promise.all((servers ?? []).map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function installationOn(server: PrivatePostgres | undefined, passwords: typeof OLD): Promise<Installation> {
  const ownerUrl = withUrl(server?.url ?? '', { database: 'loguro' });
  await withClient(server?.url ?? '', (client) => client.query('CREATE DATABASE loguro'));
  return createInstallation({ ownerUrl, passwords, queueUrl: redis.url, secretKey });
}

const number = (n: number) => ({ timestamp: new Date().toISOString(), context: {}, number: n });
const adminEnv = (installation: Installation) => ({
  ...installation.adminEnv,
  LOGURO_POSTGRES_PROGRAMS: binaries.folder,
});

/** Sends one number; counts it when it was accepted. */
async function sendNumber(): Promise<void> {
  const n = sent++;
  const { status } = await lost.post(`/datasets/${shop.numbers}`, { key: shop.key, body: number(n) });
  if (status === 202) accepted.push(n);
}

const sendOrders = (installation: Installation, orders: object[], headers = {}) =>
  installation.post(`/datasets/${shop.orders}/batch`, { key: shop.key, body: orders, headers });

/** Records stored, waiting records acknowledged: nothing is on its way any more. */
const untilQueueIsEmpty = (installation: Installation) =>
  waitFor(
    async () => {
      const { pending } = await books(installation);
      return Object.values(pending).every((records) => records === 0);
    },
    { timeoutMs: 30_000, what: 'the queue to be empty', intervalMs: 200 },
  );

interface Books {
  stored: number;
  dead: number;
  discarded: number;
  pending: Record<string, number>;
}
const books = async ({ adminEnv: env }: Installation) => (await runIngestCommand(['books'], env)).json as Books;

async function liveForAWhile(): Promise<void> {
  // PostgreSQL refuses what the API can't know to be wrong: it goes to the dead letters.
  await withClient(lost.ownerUrl, (client) =>
    client.query(`ALTER TABLE records.dataset_${shop.orders} ADD CONSTRAINT poison CHECK (country <> 'poison')`),
  );
  await sendOrders(
    lost,
    Array.from({ length: 60 }, (_, n) => order(n)),
  );
  await sendOrders(lost, [{ ...order(60), country: 'poison' }, order(61)]);
  await sendOrders(lost, [order(62)], { 'Idempotency-Key': 'order-62' });
  await untilQueueIsEmpty(lost);
  await lost.processes.worker.end('SIGTERM');
  await sendOrders(lost, [order(63), order(64)]);
  olderRedis = await copyRedis(redis.url);
  await lost.start('worker');
  await untilQueueIsEmpty(lost);
  await lost.api('PATCH', `/datasets/shop/${shop.numbers}`, { pat: shop.pat, body: { retentionDays: 30 } });
  const token = (await lost.api('POST', '/tokens', { pat: shop.pat, body: { name: 'ci' } })).body;
  const key = (await lost.api('POST', '/projects/shop/keys', { pat: shop.pat, body: { name: 'leaky' } })).body;
  revoked = { pat: token.secret, tokenId: token.token.id, key: key.secret, keyId: key.key.id };
  before = { answers: await answersOf(lost, shop), privileges: await privilegesOf(lost.ownerUrl), numbers: [] };
}

async function backUpAndGoOn(): Promise<void> {
  let going = true;
  const senders = Array.from({ length: 3 }, async () => {
    while (going) await sendNumber();
  });
  const stored = () => storedNumbers(lost.ownerUrl, shop.numbers);
  const moreStored = async (count: number) => {
    const goal = (await stored()).length + count;
    await waitFor(async () => (await stored()).length >= goal, { timeoutMs: 30_000, what: 'records to be stored' });
  };
  await moreStored(50);
  before.numbers = await stored();
  const acceptedBefore = accepted.length;
  backup = await adminJson(['backup', file], adminEnv(lost));
  expect(accepted.length).toBeGreaterThan(acceptedBefore);
  await moreStored(50);

  const { pat } = shop;
  await lost.api('DELETE', `/tokens/${revoked.tokenId}`, { pat });
  await lost.api('DELETE', `/projects/shop/keys/${revoked.keyId}`, { pat });
  const dataset = (await lost.api('POST', '/datasets/shop', { pat, body: { name: 'Late' } })).body.dataset.id;
  await lost.api('POST', `/datasets/shop/${dataset}/schema`, { pat, body: { fields: { number: 'number' } } });
  const key = (await lost.api('POST', '/projects/shop/keys', { pat, body: { name: 'late' } })).body.secret;
  late = { dataset, key };
  await lost.api('POST', `/datasets/shop/${shop.bare}/schema`, { pat, body: { fields: ORDER_FIELDS } });

  const tail = await lost.api('POST', `/datasets/shop/${shop.numbers}/tail`, { pat, body: {} });
  cursor = tail.body.cursor;

  await lost.processes.worker.end('SIGTERM');
  const acceptedWithWorker = accepted.length;
  await waitFor(() => accepted.length >= acceptedWithWorker + 30, { what: 'records to wait in the queue' });
  going = false;
  await Promise.all(senders);
  const waiting = [
    await lost.post(`/datasets/${late.dataset}/batch`, { key: late.key, body: [1, 2, 3, 4, 5, 6, 7].map(number) }),
    await lost.post(`/datasets/${shop.bare}/batch`, { key: shop.key, body: [1, 2, 3, 4].map(order) }),
  ];
  expect(waiting.map(({ status }) => status)).toEqual([202, 202]);
}

async function loseIt(): Promise<void> {
  storedAtLoss = await storedNumbers(lost.ownerUrl, shop.numbers);
  await lost.kill();
  await servers[0]?.kill('SIGKILL');
}

test('a backup restores into an empty server', async () => {
  restored = await installationOn(servers[1], NEW);
  const outcome = await adminJson<Record<string, unknown>>(['restore', file], adminEnv(restored));
  expect(outcome).toMatchObject({ applied: [], projects: 2, datasets: 3, secretKeyChecked: true });
  expect(backup.bytes).toBeGreaterThan(1000);
  await restored.start('control', 'ingest');
}, 60_000);

test('the services answer the same questions with the same answers, to the same tokens', async () => {
  const answers = await answersOf(restored, shop);
  expect(Object.values(answers).map(({ status }) => status)).toEqual(Object.values(answers).map(() => 200));
  expect(answers).toEqual(before.answers);
});

test('the roles have the new passwords, and may do what they could before', async () => {
  expect(await privilegesOf(restored.ownerUrl)).toEqual(before.privileges);
  expect(before.privileges.length).toBeGreaterThan(50);
  for (const role of ['control', 'query', 'ingest'] as const) {
    const logIn = (password: string) =>
      withClient(withUrl(restored.ownerUrl, { user: `loguro_${role}`, password }), (client) => client.query('SELECT'));
    await logIn(NEW[role]);
    await expect(logIn(OLD[role])).rejects.toMatchObject({ code: '28P01' });
  }
});

test('it holds what was stored when it began, and of what came during it each record once or not at all', async () => {
  const numbers = await storedNumbers(restored.ownerUrl, shop.numbers);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toEqual(expect.arrayContaining(before.numbers));
  expect(storedAtLoss).toEqual(expect.arrayContaining(numbers));
  expect(numbers.length).toBeLessThan(storedAtLoss.length);
});

test('what waited in Redis is stored once; what was stored after the backup is lost, and nothing else', async () => {
  const { pat } = shop;
  const inBackup = await storedNumbers(restored.ownerUrl, shop.numbers);
  // A dataset made now must not get what waits for one that is gone.
  const fresh = (await restored.api('POST', '/datasets/shop', { pat, body: { name: 'Fresh' } })).body.dataset.id;
  expect(fresh).toBeGreaterThan(late.dataset);
  await restored.api('POST', `/datasets/shop/${fresh}/schema`, { pat, body: { fields: { number: 'number' } } });
  // Its schema was registered after the backup.
  await restored.api('POST', `/datasets/shop/${shop.bare}/schema`, { pat, body: { fields: ORDER_FIELDS } });
  const { discarded } = await books(restored);
  await restored.start('worker');
  await untilQueueIsEmpty(restored);

  const waiting = accepted.filter((n) => !storedAtLoss.includes(n));
  expect(waiting.length).toBeGreaterThanOrEqual(30);
  const expected = [...inBackup, ...waiting].sort((a, b) => a - b);
  expect(await storedNumbers(restored.ownerUrl, shop.numbers)).toEqual(expected);
  expect(await storedNumbers(restored.ownerUrl, shop.bare, 'amount')).toEqual([1.25, 2.5, 3.75, 5]);
  expect(await storedNumbers(restored.ownerUrl, fresh)).toEqual([]);
  expect((await books(restored)).discarded).toBe(discarded + 7);
}, 60_000);

test('an Idempotency-Key that was used before the backup still stores its records once', async () => {
  const amounts = await storedNumbers(restored.ownerUrl, shop.orders, 'amount');
  const again = await sendOrders(restored, [order(62)], { 'Idempotency-Key': 'order-62' });
  expect(again.status).toBe(202);
  await untilQueueIsEmpty(restored);
  expect(await storedNumbers(restored.ownerUrl, shop.orders, 'amount')).toEqual(amounts);
}, 60_000);

test('a Redis that is set back as well brings nothing a second time: the ledger knows what the backup holds', async () => {
  await restored.processes.worker.end('SIGTERM');
  await restored.processes.ingest.end('SIGTERM');
  const amounts = await storedNumbers(restored.ownerUrl, shop.orders, 'amount');
  await setBackRedis(redis.url, olderRedis);
  expect((await books(restored)).pending.waiting).toBe(2);
  await restored.start('ingest', 'worker');
  await untilQueueIsEmpty(restored);
  expect(await storedNumbers(restored.ownerUrl, shop.orders, 'amount')).toEqual(amounts);
}, 60_000);

test('what was revoked after the backup works again until it is revoked again; what was made after it is unknown', async () => {
  const { pat } = shop;
  const statuses = async () => [
    (await restored.api('GET', '/me', { pat: revoked.pat })).status,
    (await restored.post(`/datasets/${shop.numbers}?dry_run=true`, { key: revoked.key, body: number(0) })).status,
  ];
  expect(await statuses()).toEqual([200, 200]);
  await restored.api('DELETE', `/tokens/${revoked.tokenId}`, { pat });
  await restored.api('DELETE', `/projects/shop/keys/${revoked.keyId}`, { pat });
  await waitFor(async () => (await statuses()).every((status) => status === 401), { what: 'both to be refused' });
  const unknown = await restored.post(`/datasets/${shop.numbers}`, { key: late.key, body: number(0) });
  expect(unknown.status).toBe(401);
});

test('a tail that began before is told to begin anew: it might leave something out', async () => {
  const path = `/datasets/shop/${shop.numbers}/tail`;
  const gone = await restored.api('POST', path, { pat: shop.pat, body: { cursor } });
  expect(gone).toMatchObject({ status: 410, body: { code: 'cursor_expired' } });
  const anew = await restored.api('POST', path, { pat: shop.pat, body: {} });
  expect(anew.status).toBe(200);
});

test('work goes on: new records, new keys and datasets, dead letters, and deleting what was restored', async () => {
  const { pat } = shop;
  const key = (await restored.api('POST', '/projects/shop/keys', { pat, body: { name: 'new' } })).body.secret;
  const body = [1_000_001, 1_000_002].map(number);
  expect((await restored.post(`/datasets/${shop.numbers}/batch`, { key, body })).status).toBe(202);
  await untilQueueIsEmpty(restored);
  expect((await storedNumbers(restored.ownerUrl, shop.numbers)).slice(-2)).toEqual([1_000_001, 1_000_002]);

  await withClient(restored.ownerUrl, (client) =>
    client.query(`ALTER TABLE records.dataset_${shop.orders} DROP CONSTRAINT poison`),
  );
  const replay = await adminJson<object>(['dead-letters', 'replay'], restored.adminEnv);
  expect(replay).toMatchObject({ stored: 1 });

  expect((await restored.api('DELETE', `/datasets/shop/${shop.orders}`, { pat })).status).toBe(204);
  const gone = await withClient(restored.ownerUrl, (client) =>
    client.query(`SELECT to_regclass('records.dataset_${shop.orders}') AS found`),
  );
  expect(gone.rows).toEqual([{ found: null }]);
}, 60_000);

test('doctor finds the restored installation in order', async () => {
  const { code, stdout } = await admin(['doctor', '--json'], restored.adminEnv);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string; sentence: string }[] };
  expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
  expect(code).toBe(0);
});
