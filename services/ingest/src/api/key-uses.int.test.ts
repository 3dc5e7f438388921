import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { forwardTo, type ServerForwarder, waitFor } from '@loguro/testing';
import { type Database, openDatabase } from '../cache/database.js';
import { silent } from '../testing/backends.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';
import { createKeyUses, type KeyUses } from './key-uses.js';

let api: TestApi;
let proxy: ServerForwarder;
let database: Database;
/** As a second process would have them; it writes only when it is told to. */
let uses: KeyUses;

const MANUALLY = { intervalMs: 3_600_000 };

beforeEach(async () => {
  api = await startTestApi({ keyUsesIntervalMs: 20 });
  proxy = await forwardTo(api.bench.database.ingestUrl);
  database = openDatabase({ connectionString: proxy.url, logger: silent });
  uses = createKeyUses({ database, ...MANUALLY });
});
afterEach(async () => {
  await uses.close();
  await database.close();
  await proxy.close();
  await api.close();
});

const lastUse = async (keyId: number): Promise<Date | null> => {
  const { rows } = await api.bench.owner.query('SELECT last_used_at FROM ingest.key_uses WHERE key_id = $1', [keyId]);
  return rows[0].last_used_at;
};
const setLastUse = (keyId: number, at: Date) =>
  api.bench.owner.query('UPDATE ingest.key_uses SET last_used_at = $2 WHERE key_id = $1', [keyId, at]);
const written = (keyId: number) => waitFor(() => lastUse(keyId), { what: 'the last use to be written' });

test('a key that was used says when, whatever came of the request, and one that was not says never', async () => {
  const sender = await api.addKey();
  const reader = await api.addKey();
  const stray = await api.addKey({ kind: 'browser', origins: ['https://shop.example'] });
  const unused = await api.addKey();
  const before = Date.now();
  const path = `/datasets/${api.dataset.id}`;
  expect((await api.send({ path, key: sender.token, body: GOOD_RECORD })).status).toBe(202);
  expect((await api.send({ method: 'GET', path: `${path}/receipts/x`, key: reader.token })).status).toBe(404);
  const elsewhere = { Origin: 'https://evil.example' };
  expect((await api.send({ path, key: stray.token, body: GOOD_RECORD, headers: elsewhere })).status).toBe(403);
  const after = Date.now();
  for (const { id } of [sender, reader, stray]) {
    const at = Number(await written(id));
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(after);
  }
  expect(await lastUse(unused.id)).toBeNull();
});

test('a key that is refused is not used: a revoked or forged one leaves no trace', async () => {
  const { id, token } = await api.addKey();
  await api.bench.owner.query('UPDATE project_keys SET revoked_at = now() WHERE id = $1', [id]);
  const { id: used, token: good } = await api.addKey();
  for (const key of [token, `${good.slice(0, -4)}AAAA`, good]) {
    await api.send({ path: `/datasets/${api.dataset.id}`, key, body: GOOD_RECORD });
  }
  await written(used);
  expect(await lastUse(id)).toBeNull();
});

test('it is written at most once a minute, and never set back', async () => {
  const { id } = await api.addKey();
  uses.touch(id);
  await uses.flush();
  const first = await lastUse(id);
  uses.touch(id);
  await uses.flush();
  expect(await lastUse(id)).toEqual(first);
  await setLastUse(id, new Date(Date.now() - 61_000));
  uses.touch(id);
  await uses.flush();
  expect(Number(await lastUse(id))).toBeGreaterThanOrEqual(Number(first));
  const later = new Date(Date.now() + 3_600_000);
  await setLastUse(id, later);
  uses.touch(id);
  await uses.flush();
  expect(await lastUse(id)).toEqual(later);
});

test('while the database is away uses are kept, and written as of when they happened', async () => {
  const { id } = await api.addKey();
  await uses.flush();
  uses.touch(id);
  const used = Date.now();
  proxy.cut();
  await uses.flush();
  expect(await lastUse(id)).toBeNull();
  proxy.restore();
  await waitFor(
    async () => {
      await uses.flush();
      return (await lastUse(id)) !== null;
    },
    { what: 'the use to be written' },
  );
  expect(Math.abs(Number(await lastUse(id)) - used)).toBeLessThan(1000);
});

test('a key that is deleted before its use is written hinders no other', async () => {
  const gone = await api.addDataset();
  const { id: lost } = await api.addKey({ project: gone.project });
  const { id } = await api.addKey();
  uses.touch(lost);
  uses.touch(id);
  await api.bench.owner.query('DELETE FROM projects WHERE id = $1', [gone.project]);
  await uses.flush();
  expect(await lastUse(id)).not.toBeNull();
  const { rows } = await api.bench.owner.query('SELECT 1 FROM ingest.key_uses WHERE key_id = $1', [lost]);
  expect(rows).toEqual([]);
});

test('processes that write the same keys in different orders do not hinder each other', async () => {
  const ids: number[] = [];
  for (let i = 0; i < 50; i++) ids.push((await api.addKey()).id);
  const complaints: unknown[] = [];
  const open = () =>
    openDatabase({ connectionString: proxy.url, logger: { warn: (...line: unknown[]) => complaints.push(line) } });
  const others = [open(), open()];
  for (let round = 0; round < 20; round++) {
    await api.bench.owner.query('UPDATE ingest.key_uses SET last_used_at = NULL');
    const both = others.map((one) => createKeyUses({ database: one, ...MANUALLY }));
    for (const id of ids) both[0]?.touch(id);
    for (const id of [...ids].reverse()) both[1]?.touch(id);
    await Promise.all(both.map((one) => one.close()));
  }
  expect(complaints).toEqual([]);
  for (const id of ids) expect(await lastUse(id)).not.toBeNull();
  await Promise.all(others.map((one) => one.close()));
});

test('a process that stops writes what it has noted', async () => {
  const { id } = await api.addKey();
  uses.touch(id);
  await uses.close();
  expect(await lastUse(id)).not.toBeNull();
});
