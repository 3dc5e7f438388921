import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '@loguro/control-plane/admin/commands';
import { withClient, withUrl } from '@loguro/servers';
import { createTestDatabase, type TestDatabase, waitFor } from '@loguro/testing';
import { fixtureFile, fixtureNames, readFixture } from './fixture.js';
import { createInstallation, type Installation } from './installation.js';
import { privilegesOf } from './privileges.js';
import { schemaOf } from './schema.js';
import { answersOf, order, storedNumbers } from './shop.js';

/** As everywhere on the run's server. */
const PASSWORDS = { control: 'loguro_control', query: 'loguro_query', ingest: 'loguro_ingest' };

/** Tokens, JWTs and private keys, as scanners look for them. */
const CREDENTIAL = /pat_[0-9A-Za-z]{20,}|eyJ[\w-]{10,}[.][\w-]+|BEGIN[A-Z ]* PRIVATE KEY/;

test('there are earlier states to upgrade from', () => {
  expect(fixtureNames()).toContain('0.1.0-foundation');
});

test('no fixture holds what a secret scanner would report', () => {
  for (const name of fixtureNames()) {
    const text = (['json', 'sql'] as const).map((kind) => readFileSync(fixtureFile(name, kind), 'utf8')).join('\n');
    const { secretKey, shop } = readFixture(name);
    expect(shop.pat).toMatch(CREDENTIAL);
    expect(shop.key).toMatch(CREDENTIAL);
    expect([name, CREDENTIAL.exec(text)?.[0], text.includes(secretKey)]).toEqual([name, undefined, false]);
  }
});

describe.each(fixtureNames())('from %s', (name) => {
  const { sql, secretKey, shop, waiting, answers } = readFixture(name);
  const database = `test_upgraded_${randomBytes(6).toString('hex')}`;
  let fresh: TestDatabase;
  let ownerUrl: string;
  let installation: Installation;

  beforeAll(async () => {
    fresh = await createTestDatabase();
    await withClient(fresh.ownerUrl, (client) => client.query(`CREATE DATABASE ${database}`));
    ownerUrl = withUrl(fresh.ownerUrl, { database });
    await withClient(ownerUrl, (client) => client.query(sql));
    installation = await createInstallation({ ownerUrl, passwords: PASSWORDS, secretKey });
  }, 60_000);
  afterAll(async () => {
    await installation.kill();
    await withClient(fresh.ownerUrl, (client) => client.query(`DROP DATABASE ${database} WITH (FORCE)`));
    await fresh.drop();
  });

  const migrate = async () => (await runCommand(['migrate'], installation.adminEnv)).json as { applied: string[] };
  const recorded = (url: string) =>
    withClient(url, async (client) => {
      const { rows } = await client.query<{ name: string; checksum: string }>(
        'SELECT migration_name AS name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1',
      );
      return rows;
    });
  const amounts = () => storedNumbers(ownerUrl, shop.orders, 'amount');

  test('migrate, three times at once and once more, applies what is missing once', async () => {
    const [before, all] = [await recorded(ownerUrl), await recorded(fresh.ownerUrl)];
    expect(before.length).toBeGreaterThan(0);
    const results = await Promise.all([migrate(), migrate(), migrate()]);
    const applied = results.flatMap((result) => result.applied);
    expect(applied).toEqual(all.slice(before.length).map((migration) => migration.name));
    expect(await migrate()).toEqual({ applied: [] });
    // Also: no released migration was changed since.
    expect(await recorded(ownerUrl)).toEqual(all);
  });

  test('the database is then what a new one is, privileges and all', async () => {
    expect(await schemaOf(ownerUrl)).toEqual(await schemaOf(fresh.ownerUrl));
    const withoutRecords = async (url: string) => (await privilegesOf(url)).filter((line) => !/ records[.]/.test(line));
    expect(await withoutRecords(ownerUrl)).toEqual(await withoutRecords(fresh.ownerUrl));
  });

  test('the old tokens get the answers that were recorded then', async () => {
    await installation.start('control');
    const now = await answersOf(installation, shop);
    expect(Object.keys(now)).toEqual(Object.keys(answers));
    // Objects may have got more fields since.
    expect(now).toMatchObject(answers);
  }, 60_000);

  test('what waited in the queue is stored once, and the old project key adds to it', async () => {
    const before = await amounts();
    await installation.start('ingest', 'worker');
    const stored = [...before, ...waiting.map((n) => order(n).amount)];
    await waitFor(async () => (await amounts()).length >= stored.length, { timeoutMs: 30_000, what: 'the queue' });
    const body = [order(100), order(101)];
    const { status } = await installation.post(`/datasets/${shop.orders}/batch`, { key: shop.key, body });
    expect(status).toBe(202);
    await waitFor(async () => (await amounts()).includes(126.25), { timeoutMs: 30_000, what: 'the new records' });
    expect(await amounts()).toEqual([...stored, 125, 126.25]);
  }, 60_000);

  test('what came since works on what was made then, and deleting it does', async () => {
    const { pat } = shop;
    const path = `/datasets/shop/${shop.orders}`;
    const kept = await installation.api('PATCH', path, { pat, body: { retentionDays: 90 } });
    expect(kept).toMatchObject({ status: 200, body: { dataset: { retentionDays: 90 } } });
    const key = await installation.api('POST', '/projects/shop/keys', { pat, body: { name: 'new' } });
    const sent = await installation.post(`${path.replace('/shop', '')}`, { key: key.body.secret, body: order(1) });
    expect([key.status, sent.status]).toEqual([201, 202]);
    expect((await installation.api('DELETE', path, { pat })).status).toBe(204);
  });
});
