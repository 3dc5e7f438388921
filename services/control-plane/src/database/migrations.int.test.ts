import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { Client } from 'pg';
import { createEmptyDatabase, type EmptyDatabase, withClient } from '../testing/empty-database.js';
import { LOCKS, type LockPatience } from './migration-script.js';
import { applyMigrations } from './migrations.js';

let database: EmptyDatabase;
let directory: string;
beforeEach(async () => {
  database = await createEmptyDatabase();
  directory = mkdtempSync(join(tmpdir(), 'loguro-migrations-'));
  migration('1_first', 'CREATE TABLE busy (id int); INSERT INTO busy VALUES (1);');
  await apply();
});
afterEach(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

function migration(name: string, script: string): void {
  mkdirSync(join(directory, name));
  writeFileSync(join(directory, name, 'migration.sql'), script);
}

const apply = (locks: LockPatience = LOCKS) =>
  withClient(database.ownerUrl, (client) => applyMigrations(client, { directory, locks }));
const ask = (sql: string) => withClient(database.ownerUrl, (client) => client.query(sql));

/** Runs something while a transaction is open that has read the table `busy`. */
async function whileReading<T>(work: (end: () => Promise<void>) => Promise<T>): Promise<T> {
  const reader = new Client({ connectionString: database.ownerUrl });
  await reader.connect();
  try {
    // One that keeps its snapshot: it holds up an index as well.
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query('SELECT * FROM busy');
    return await work(async () => void (await reader.query('COMMIT')));
  } finally {
    await reader.end();
  }
}

const IMPATIENT = { timeoutMs: 50, pauseMs: 50, patienceMs: 400 };
const WAITING = `SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted`;

test('a migration that waits for a lock lets others pass, and is applied once the lock is free', async () => {
  migration('2_column', 'ALTER TABLE busy ADD COLUMN a int');
  await whileReading(async (end) => {
    const applied = apply({ ...IMPATIENT, patienceMs: 60_000 });
    const waiting = async () => (await ask(WAITING)).rows[0].n;
    for (let round = 0; round < 2; round++) {
      await waitFor(async () => (await waiting()) > 0, { what: 'the migration to wait', intervalMs: 5 });
      // Behind a lock that waits for ever this would wait for ever as well.
      expect((await ask('SELECT id FROM busy')).rows).toEqual([{ id: 1 }]);
    }
    await end();
    expect(await applied).toEqual(['2_column']);
  });
  expect((await ask('SELECT a FROM busy')).rows).toEqual([{ a: null }]);
  expect((await ask('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
});

test('a migration that never gets its lock says so, changes nothing, and is simply run again', async () => {
  migration('2_two', 'CREATE TABLE made (id int); ALTER TABLE busy ADD COLUMN a int');
  await whileReading(async () => {
    await expect(apply(IMPATIENT)).rejects.toThrow(
      /2_two was not applied and changed nothing: it could not get a lock within .* another session holds it/,
    );
  });
  expect((await ask(`SELECT to_regclass('made') AS found`)).rows).toEqual([{ found: null }]);
  expect(await apply()).toEqual(['2_two']);
  expect(await apply()).toEqual([]);
});

test('an index is built CONCURRENTLY, also while others wait to migrate, however long a transaction takes', async () => {
  migration('2_index', '-- Writes go on.\nCREATE INDEX CONCURRENTLY busy_id ON busy (id);\n');
  const applied = await whileReading(async (end) => {
    const runs = Promise.all([apply(IMPATIENT), apply(IMPATIENT), apply(IMPATIENT)]);
    const building = `SELECT FROM pg_stat_activity WHERE query ~ 'CREATE INDEX CONCURRENTLY' AND wait_event_type = 'Lock'
                         AND now() - query_start > interval '0.5 s' AND datname = current_database()`;
    await waitFor(async () => (await ask(building)).rowCount, { what: 'the index to wait for the transaction' });
    await ask('INSERT INTO busy VALUES (2)');
    await end();
    return runs;
  });
  expect(applied.flat()).toEqual(['2_index']);
  const { rows } = await ask(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_id'::regclass`);
  expect(rows).toEqual([{ indisvalid: true }]);
});

test('an index that could not be built says what it may have left', async () => {
  await ask('INSERT INTO busy VALUES (1)');
  migration('2_index', 'CREATE UNIQUE INDEX CONCURRENTLY busy_id ON busy (id)');
  await expect(apply()).rejects.toThrow(/2_index failed, and may have left an invalid index to drop: could not create/);
});
