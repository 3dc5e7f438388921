import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, startPostgres, type TestDatabase, waitFor } from '@loguro/testing';
import pg from 'pg';
import { freeze } from '../testing/freeze.js';
import { cleanUp, startMaintenance } from './clean-up.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEK_MS = 7 * DAY_MS;

let database: TestDatabase;
let owner: pg.Client;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Client(database.ownerUrl);
  client = new pg.Client(database.ingestUrl);
  await owner.connect();
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await owner.end();
  await database.drop();
});

/** Ledger rows committed so many days ago, of 10 records each. */
async function commit(days: number, chunks: number): Promise<void> {
  await owner.query(
    `INSERT INTO ingest.committed_chunks (chunk_id, dataset_id, records, dead, discarded, committed_at)
     SELECT gen_random_uuid(), 1, 10, 2, 1, now() - make_interval(days => $1) FROM generate_series(1, $2)`,
    [days, chunks],
  );
}

async function rows(table: string): Promise<number> {
  const found = await owner.query<{ count: number }>(`SELECT count(*)::int AS count FROM ingest.${table}`);
  return found.rows[0]?.count ?? 0;
}

test('removes old ledger rows in small batches and keeps their sums', async () => {
  await commit(10, 25);
  await commit(6, 5);
  const removed = await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob: null, batch: 10 });
  expect(removed.chunks).toBe(25);
  expect(await rows('committed_chunks')).toBe(5);
  const totals = await owner.query(
    'SELECT sum(chunks)::int AS chunks, sum(records)::int AS records, sum(dead)::int AS dead, sum(discarded)::int AS discarded FROM ingest.retired_chunks',
  );
  expect(totals.rows).toEqual([{ chunks: 25, records: 250, dead: 50, discarded: 25 }]);
  expect((await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob: null })).chunks).toBe(0);
});

test('keeps every ledger row that a job in the queue may still ask for', async () => {
  await commit(30, 3);
  await commit(19, 4);
  const oldestJob = Date.now() - 20 * DAY_MS;
  expect((await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob })).chunks).toBe(3);
  expect(await rows('committed_chunks')).toBe(4);
});

test('keeps the ledger row of a chunk that a repeat of its Idempotency-Key queued again within a day', async () => {
  await commit(30, 3);
  await commit(20, 4);
  const repeated = Date.now() - 19.5 * DAY_MS;
  expect((await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob: repeated })).chunks).toBe(3);
  expect(await rows('committed_chunks')).toBe(4);
});

test('removes idempotency keys that have expired, and only those', async () => {
  await owner.query(`
    INSERT INTO ingest.idempotency_keys (scope, chunk_id, body, created_at) VALUES
      ('a', gen_random_uuid(), '', now() - interval '3 days'), ('b', gen_random_uuid(), '', now() - interval '23 hours')`);
  expect((await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob: null })).idempotencyKeys).toBe(1);
  const left = await owner.query("SELECT convert_from(scope, 'UTF8') AS scope FROM ingest.idempotency_keys");
  expect(left.rows).toEqual([{ scope: 'b' }]);
});

test('leaves the work to the one that is at it', async () => {
  await commit(10, 5);
  const other = new pg.Client(database.ingestUrl);
  await other.connect();
  await other.query('SELECT pg_advisory_lock(7105113001)');
  expect((await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob: null })).chunks).toBe(0);
  await other.end();
  expect((await cleanUp(client, { ledgerMs: WEEK_MS, oldestJob: null })).chunks).toBe(5);
});

test('removes nothing while the queue can not be asked', async () => {
  await commit(10, 5);
  const errors: Error[] = [];
  const stop = startMaintenance({
    url: database.ingestUrl,
    ledgerMs: WEEK_MS,
    everyMs: 1,
    oldestJob: () => Promise.reject(new Error('away')),
    onResult: () => undefined,
    onError: (error) => errors.push(error),
  });
  await waitFor(() => errors.length > 1, { what: 'a few rounds' });
  await stop();
  expect(errors[0]?.message).toBe('away');
  expect(await rows('committed_chunks')).toBe(5);
});

test('stops while PostgreSQL hangs, in whatever it was doing', async () => {
  const postgres = await startPostgres();
  const { ingestUrl } = await postgres.createDatabase();
  let rounds = 0;
  const stop = startMaintenance({
    url: ingestUrl,
    ledgerMs: WEEK_MS,
    everyMs: 1,
    oldestJob: async () => null,
    onResult: () => {
      rounds += 1;
    },
    onError: () => undefined,
  });
  await waitFor(() => rounds > 1, { what: 'a few rounds' });
  const thaw = freeze(postgres.pid);
  try {
    let stopped = false;
    void stop().then(() => {
      stopped = true;
    });
    await waitFor(() => stopped, { timeoutMs: 5000, what: 'the maintenance to stop' });
  } finally {
    thaw();
    await postgres.stop();
  }
}, 60_000);
