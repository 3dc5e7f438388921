import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, waitFor } from '@loguro/testing';
import pg from 'pg';
import type { HeldChunk } from '../ledger/held-chunk.js';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { createDataset, type TestDataset, testLine } from '../testing/dataset.js';
import { CopySink } from './copy-sink.js';

const DAY_MS = 24 * 60 * 60 * 1000;

let database: TestDatabase;
let owner: pg.Pool;
let dataset: TestDataset;
let sink: CopySink;
let failures: (string | null)[];
beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
  dataset = await createDataset(owner);
  failures = [];
  sink = new CopySink({
    url: database.ingestUrl,
    statementTimeoutMs: 5000,
    lockTimeoutMs: 1000,
    worker: 1,
    lanes: 1,
    observer: { committed: () => undefined, failed: (sqlstate) => failures.push(sqlstate), buried: () => undefined },
    tracing: null,
    minGapMs: 0,
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  sink.giveUp();
  await sink.close();
  await owner.end();
  await database.drop();
});

function chunk(of = dataset): HeldChunk {
  return { id: timeOrderedId(), dataset: of.id, count: 1, at: Date.now(), lines: Buffer.from(testLine('t')) };
}

test('what was held for too long is given back, although it was being stored when the machine was put to sleep', async () => {
  const name = (await owner.query<{ name: string }>('SELECT current_database() AS name')).rows[0]?.name;
  await owner.query(`ALTER DATABASE ${name} CONNECTION LIMIT 0`);
  const stored = sink.store([chunk()], false);
  await waitFor(() => sink.problem !== null, { what: 'the first try' });
  const wakingUp = Date.now() + 2 * DAY_MS;
  jest.spyOn(Date, 'now').mockImplementation(() => wakingUp);
  await owner.query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`);
  expect(await stored).toEqual([new Error('Held for too long.')]);
  expect(await dataset.count()).toBe(0);
});

test('chunks that fail are no progress, and why is a problem until one can be stored', async () => {
  await owner.query('REVOKE INSERT ON ingest.committed_chunks FROM loguro_ingest');
  expect(await sink.store([chunk(), chunk()], false)).toEqual([expect.any(Error), expect.any(Error)]);
  expect([sink.settled, sink.problem]).toEqual([0, 'permission denied for table committed_chunks']);
  await owner.query('GRANT INSERT ON ingest.committed_chunks TO loguro_ingest');
  expect(await sink.store([chunk()], false)).toMatchObject([{ outcome: 'stored' }]);
  expect([sink.settled, sink.problem]).toEqual([1, null]);
});

test('not every transaction waits for a table that was locked a moment ago', async () => {
  const other = await createDataset(owner);
  const locker = new pg.Client(database.ownerUrl);
  await locker.connect();
  await locker.query(`BEGIN; LOCK TABLE records.dataset_${dataset.id} IN ACCESS EXCLUSIVE MODE`);
  const [held] = await sink.store([chunk()], false);
  expect(held).toMatchObject({ code: '55P03' });
  expect(await sink.store([chunk(), chunk(other)], false)).toEqual([held, { outcome: 'stored', records: 1, dead: 0 }]);
  expect(failures).toEqual(['55P03']);
  await locker.end();
  await waitFor(async () => !((await sink.store([chunk()], false))[0] instanceof Error), { what: 'the next try' });
  expect(failures).toEqual(['55P03']);
});
