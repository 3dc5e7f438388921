import { expect, test } from '@jest/globals';
import { descendants, identify, isAlive, withClient, withUrl } from '@loguro/servers';
import { Redis } from 'ioredis';
import pg from 'pg';
import { testSetting } from './config.js';
import { createTestDatabase } from './database.js';
import { findLeaks } from './leaks.js';
import { startPostgres } from './private-postgres.js';
import { startRedis } from './private-redis.js';
import { createTestRedis } from './redis.js';

const userOf = (url: string) =>
  withClient(
    url,
    async (client) => (await client.query<{ name: string }>('SELECT current_user AS name')).rows[0]?.name,
  );

test('a test database lets the owner and the three roles in, each as itself', async () => {
  const database = await createTestDatabase();
  expect(await userOf(database.ownerUrl)).toBe('postgres');
  expect(await userOf(database.controlUrl)).toBe('loguro_control');
  expect(await userOf(database.queryUrl)).toBe('loguro_query');
  expect(await userOf(database.ingestUrl)).toBe('loguro_ingest');
  await database.drop();
});

test('a test database is migrated, and has the queue that ingest may use', async () => {
  const database = await createTestDatabase();
  const datasets = await withClient(database.ingestUrl, (client) => client.query('SELECT * FROM ingest.datasets'));
  expect(datasets.rows).toEqual([]);
  const queue = await withClient(database.ingestUrl, (client) => client.query('SELECT version FROM queue.migration'));
  expect(queue.rows.length).toBeGreaterThan(0);
  await database.drop();
});

test('a test database lets nobody in but those whom the migration lets in', async () => {
  const database = await createTestDatabase();
  await withClient(database.ownerUrl, (client) => client.query("CREATE ROLE stranger LOGIN PASSWORD 'stranger'"));
  const asStranger = withUrl(database.ownerUrl, { user: 'stranger', password: 'stranger' });
  await expect(userOf(asStranger)).rejects.toThrow('permission denied for database');
  await withClient(database.ownerUrl, (client) => client.query('DROP ROLE stranger'));
  await database.drop();
});

test('two test databases share nothing', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await withClient(one.ownerUrl, (client) => client.query('CREATE TABLE public.mine (id int)'));
  await expect(withClient(other.ownerUrl, (client) => client.query('SELECT * FROM public.mine'))).rejects.toThrow(
    'does not exist',
  );
  await Promise.all([one.drop(), other.drop()]);
});

test('dropping a database while a connection is open fails, and says whose it is', async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.ingestUrl, application_name: 'forgetful' });
  client.on('error', () => undefined);
  await client.connect();
  await expect(database.drop()).rejects.toThrow(/1 connection.*still open[\s\S]*loguro_ingest \(forgetful, idle\)/);
  await client.end().catch(() => undefined);
});

test('what a test leaves behind is found when all have ended', async () => {
  const runFolder = testSetting('runFolder');
  const look = () => findLeaks({ ...settings, redisProgram: testSetting('redisProgram') }, runFolder);
  const settings = { postgresUrl: testSetting('postgresUrl'), redisUrl: testSetting('redisUrl') };
  const [database, redis, server] = [await createTestDatabase(), await createTestRedis(), await startRedis()];
  const client = new pg.Client({ connectionString: database.ingestUrl, application_name: 'forgotten' });
  await client.connect();
  const leaks = (await look()).join('\n');
  expect(leaks).toMatch(/a PostgreSQL connection is still open: loguro_ingest \(forgotten, idle\)/);
  expect(leaks).toContain(`the database ${database.name} was not dropped`);
  expect(leaks).toContain(`the Redis database:${new URL(redis.url).pathname.slice(1)} was not given back`);
  expect(leaks).toMatch(/\d+ private PostgreSQL or Redis servers were not stopped/);
  await client.end();
  await Promise.all([database.drop(), redis.drop(), server.stop()]);
  expect((await look()).join('\n')).not.toContain(database.name);
});

test('a Redis database is empty, its own, and given back', async () => {
  const [one, other] = await Promise.all([createTestRedis(), createTestRedis()]);
  expect(one.url).not.toBe(other.url);
  const client = new Redis(one.url);
  await client.set('key', 'value');
  await one.flush();
  expect(await client.dbsize()).toBe(0);
  client.disconnect();
  await Promise.all([one.drop(), other.drop()]);
});

test('a private PostgreSQL keeps what it acknowledged over a SIGKILL', async () => {
  const server = await startPostgres();
  const database = await server.createDatabase();
  const before = server.pid;
  await withClient(database.ownerUrl, (client) => client.query('CREATE TABLE public.kept AS SELECT 42 AS answer'));
  const processes = descendants(before);
  expect(processes.length).toBeGreaterThan(0);
  await server.kill('SIGKILL');
  expect(processes.filter(isAlive)).toEqual([]);
  await expect(userOf(database.ownerUrl)).rejects.toThrow();
  await server.restart();
  expect(server.pid).not.toBe(before);
  const { rows } = await withClient(database.ownerUrl, (client) => client.query('SELECT answer FROM public.kept'));
  expect(rows).toEqual([{ answer: 42 }]);
  const identity = identify(server.pid);
  await server.stop();
  expect(identity && isAlive(identity)).toBe(false);
}, 60_000);

test('a private Redis that syncs always keeps what it acknowledged over a SIGKILL', async () => {
  const server = await startRedis({ appendfsync: 'always' });
  const client = new Redis(server.url);
  client.on('error', () => undefined);
  await client.set('key', 'value');
  await server.kill('SIGKILL');
  await server.restart();
  expect(await client.get('key')).toBe('value');
  client.disconnect();
  await server.stop();
});
