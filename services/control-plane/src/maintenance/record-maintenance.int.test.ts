import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, forwardTo, type TestDatabase, waitFor } from '@loguro/testing';
import { Pool, type PoolClient } from 'pg';
import { createStatements } from '../datasets/record-table.js';
import { createIndexGrowth } from './index-growth.js';
import { createRecordMaintenance } from './record-maintenance.js';
import { deleteExpired } from './retention.js';

const now = new Date('2026-06-10T12:00:00Z');
const silent = { info: () => undefined, warn: () => undefined };

let database: TestDatabase;
let pool: Pool;
let owner: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.controlUrl, statement_timeout: 10_000, max: 4 });
  owner = new Pool({ connectionString: database.ownerUrl, max: 4 });
  await owner.query(`INSERT INTO projects (name, slug) VALUES ('p', 'p')`);
});
afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

/** A dataset with one record a minute, the newest at `now`. */
async function dataset(retentionDays: number | null, records: number): Promise<number> {
  const { rows } = await owner.query(
    `INSERT INTO datasets (project_id, name, slug, retention_days) VALUES (1, 'd', gen_random_uuid()::text, $1) RETURNING id`,
    [retentionDays],
  );
  const id: number = rows[0].id;
  // As in production the control plane's own role owns the table.
  for (const statement of createStatements(id, { n: 'number' })) await pool.query(statement);
  await append(id, records, now);
  return id;
}

async function append(id: number, records: number, last: Date): Promise<void> {
  await owner.query(
    `INSERT INTO records.dataset_${id} ("timestamp", "context", "__traceId", "n")
     SELECT $1::timestamptz - ($2::int - i) * interval '1 minute', '{}', repeat('x', 60), i FROM generate_series(1, $2::int) i`,
    [last, records],
  );
}

const rowsOf = async (id: number) =>
  (await owner.query(`SELECT count(*)::int AS n, min("timestamp") AS oldest FROM records.dataset_${id}`)).rows[0];
const pagesOf = async (id: number) =>
  (await owner.query(`SELECT (pg_relation_size('records.dataset_${id}') / 8192)::int AS n`)).rows[0].n as number;

/** Pages that a query for an instant reads: those of the ranges the index can't rule out. */
async function pagesRead(id: number, at: Date): Promise<number> {
  const client = await owner.connect();
  try {
    await client.query('SET enable_seqscan = off; SET max_parallel_workers_per_gather = 0');
    const { rows } = await client.query(
      `EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) SELECT count(*) FROM records.dataset_${id} WHERE "timestamp" = '${at.toISOString()}'`,
    );
    const text = JSON.stringify(rows[0]['QUERY PLAN']);
    expect(text).toContain('Bitmap Heap Scan');
    return Number(/"Lossy Heap Blocks":(\d+)/.exec(text)?.[1]);
  } finally {
    client.release(true);
  }
}

test('records older than their dataset keeps are deleted, to the minute, and those of other datasets stay', async () => {
  const [kept, expiring] = [await dataset(null, 30_000), await dataset(7, 30_000)];
  await createRecordMaintenance({ pool, log: silent, now: () => now }).runOnce();
  expect((await rowsOf(kept)).n).toBe(30_000);
  expect(await rowsOf(expiring)).toEqual({ n: 7 * 1440 + 1, oldest: new Date('2026-06-03T12:00:00Z') });
});

test('the space of deleted records is used again, and the index still tells the new ones apart', async () => {
  const id = await dataset(7, 60_000);
  const pages = await pagesOf(id);
  const maintenance = createRecordMaintenance({ pool, log: silent, now: () => now });
  await maintenance.runOnce();
  const later = new Date(now.getTime() + 40_000 * 60_000);
  await append(id, 40_000, later);
  expect(await pagesOf(id)).toBeLessThanOrEqual(pages + 64);
  await owner.query(`VACUUM records.dataset_${id}`);
  expect(await pagesRead(id, later)).toBeLessThanOrEqual(128);
});

test('each deletion is told its place, so that none reads again what others have emptied', async () => {
  const id = await dataset(7, 60_000);
  const client = await pool.connect();
  const seen: [string, unknown[]][] = [];
  const spy = {
    query(text: string, values: unknown[]) {
      if (text.includes('DELETE')) seen.push([text, values]);
      return client.query(text, values);
    },
  };
  try {
    const before = new Date('2026-06-03T12:00:00Z');
    const signal = new AbortController().signal;
    const deleted = await deleteExpired(spy as unknown as PoolClient, { datasetId: id, before, signal });
    expect(deleted).toBe(60_000 - (7 * 1440 + 1));
    expect(seen.length).toBeGreaterThan(4);
    for (const [i, [text, values]] of seen.entries()) {
      const { rows } = await client.query(`EXPLAIN ${text}`, values);
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Tid Range Scan');
      expect(seen[i + 1]?.[1][0] ?? values[1]).toBe(values[1]);
    }
  } finally {
    client.release(true);
  }
});

test('nobody waits while records are deleted', async () => {
  const id = await dataset(1, 120_000);
  const finished = createRecordMaintenance({ pool, log: silent, now: () => now }).runOnce();
  let done = false;
  void finished.finally(() => {
    done = true;
  });
  let [writes, slowest] = [0, 0];
  while (!done) {
    const started = performance.now();
    await append(id, 1, now);
    slowest = Math.max(slowest, performance.now() - started);
    writes += 1;
  }
  await finished;
  expect((await rowsOf(id)).n).toBe(1441 + writes);
  expect(writes).toBeGreaterThan(5);
  expect(slowest).toBeLessThan(2000);
});

test('appended ranges are summed up within a moment, so that queries need not read them', async () => {
  const id = await dataset(null, 0);
  const outcomes: string[] = [];
  const onRound = (outcome: string) => void outcomes.push(outcome);
  const maintenance = createRecordMaintenance({ pool, log: silent, intervalMs: 20, onRound, now: () => now });
  maintenance.start();
  try {
    await append(id, 50_000, now);
    const total = await pagesOf(id);
    await waitFor(async () => (await pagesRead(id, new Date('2020-01-01T00:00:00Z'))) <= 64, {
      timeoutMs: 10_000,
      what: 'the index to catch up',
    });
    expect(total).toBeGreaterThan(500);
    await append(id, 20_000, new Date(now.getTime() + 20_000 * 60_000));
    await waitFor(async () => (await pagesRead(id, new Date('2020-01-01T00:00:00Z'))) <= 64, {
      timeoutMs: 10_000,
      what: 'the index to catch up again',
    });
    expect(new Set(outcomes)).toEqual(new Set(['done']));
  } finally {
    await maintenance.stop();
  }
});

test('a table in the hands of a VACUUM is left alone, for others to be looked after, and is caught up with later', async () => {
  const [busy, other] = [await dataset(null, 50_000), await dataset(null, 50_000)];
  const maintenance = createRecordMaintenance({ pool, log: silent, now: () => now });
  const caughtUp = async (id: number) => (await pagesRead(id, new Date('2020-01-01T00:00:00Z'))) <= 64;
  const holder = await owner.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE records.dataset_${busy} IN SHARE UPDATE EXCLUSIVE MODE`);
    const started = performance.now();
    await maintenance.runOnce();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect([await caughtUp(busy), await caughtUp(other)]).toEqual([false, true]);
    await holder.query('ROLLBACK');
    await maintenance.runOnce();
    expect(await caughtUp(busy)).toBe(true);
  } finally {
    holder.release(true);
  }
}, 30_000);

test('ranges whose summing up failed are summed up the next time', async () => {
  const id = await dataset(null, 50_000);
  const index = `records.dataset_${id}_timestamp`;
  const growth = createIndexGrowth();
  const client = await pool.connect();
  try {
    const pages = await pagesOf(id);
    await client.query(`ALTER INDEX ${index} RENAME TO elsewhere`);
    await expect(growth.catchUp(client, id, pages)).rejects.toMatchObject({ code: '42P01' });
    await client.query(`ALTER INDEX records.elsewhere RENAME TO dataset_${id}_timestamp`);
    expect(await growth.catchUp(client, id, pages)).toBeGreaterThan(5);
  } finally {
    client.release(true);
  }
});

test('one process at a time does the work, and a deleted dataset does not stop it', async () => {
  const id = await dataset(7, 20_000);
  const gone = await dataset(7, 10);
  await owner.query(`DROP TABLE records.dataset_${gone}`);
  const holder = await owner.connect();
  const maintenance = createRecordMaintenance({ pool, log: silent, now: () => now });
  try {
    await holder.query('SELECT pg_advisory_lock(1819240309, 1)');
    await maintenance.runOnce();
    expect((await rowsOf(id)).n).toBe(20_000);
  } finally {
    holder.release(true);
  }
  await waitFor(
    async () => {
      await maintenance.runOnce();
      return (await rowsOf(id)).n < 20_000;
    },
    { timeoutMs: 5000, what: 'the lock to be free' },
  );
});

test('stopping does not wait for a statement that takes long', async () => {
  const id = await dataset(7, 20_000);
  const holder = await owner.connect();
  const outcomes: string[] = [];
  const onRound = (outcome: string) => void outcomes.push(outcome);
  const maintenance = createRecordMaintenance({ pool, log: silent, intervalMs: 20, onRound, now: () => now });
  try {
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE records.dataset_${id} IN SHARE MODE`);
    maintenance.start();
    const waiting =
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE%' AND datname = current_database()";
    await waitFor(async () => (await owner.query(waiting)).rowCount === 1, { what: 'a deletion to wait for the lock' });
    await maintenance.stop();
    await waitFor(async () => (await owner.query(waiting)).rowCount === 0, { what: 'nothing to wait any more' });
    expect(outcomes).not.toContain('failed');
  } finally {
    holder.release(true);
  }
}, 20_000);

test('a connection that breaks in the middle of a round costs that round, not the process', async () => {
  const id = await dataset(7, 20_000);
  const network = await forwardTo(database.controlUrl);
  const far = new Pool({ connectionString: network.url, max: 1 });
  const maintenance = createRecordMaintenance({ pool: far, log: silent, now: () => now });
  const holder = await owner.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE records.dataset_${id} IN ACCESS EXCLUSIVE MODE`);
    const round = maintenance.runOnce();
    const failed = expect(round).rejects.toThrow();
    const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await waitFor(async () => (await owner.query(waiting)).rowCount === 1, { what: 'the round to wait for the lock' });
    network.cut();
    await failed;
    // What the round has begun on the server goes on, lock and all, until it is told.
    await owner.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    await holder.query('ROLLBACK');
    network.restore();
    const done = async () => {
      await maintenance.runOnce();
      return (await rowsOf(id)).n < 20_000;
    };
    await waitFor(done, { timeoutMs: 5000, what: 'a later round to do the work' });
  } finally {
    holder.release(true);
    await far.end();
    await network.close();
  }
});
