import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PostgresReplica, type PrivatePostgres, startPostgres, type TestDatabase, waitFor } from '@loguro/testing';
import { Client, type Pool } from 'pg';
import { createStatements } from '../datasets/record-table.js';
import { createQueryPool } from '../query/query-pool.js';
import { parsedTails } from '../query/testing/parsed.js';
import { insertRecords } from '../query/testing/record-fixture.js';
import { type ArrivalFeed, createArrivalFeed } from './arrival-feed.js';
import { createTailService } from './tail-service.js';
import { numbered } from './testing/tail-fixture.js';

const fields = { n: 'number', name: 'string' } as const;
const target = { id: 1, projectId: 1, fields };
const never = new AbortController().signal;

let primary: PrivatePostgres;
let database: TestDatabase;
let replica: PostgresReplica;
let pool: Pool;
let feed: ArrivalFeed;
let service: ReturnType<typeof parsedTails>;
const writers: Client[] = [];

beforeAll(async () => {
  primary = await startPostgres();
  database = await primary.createDatabase();
  // Making a replica restarts the primary, and with it ends connections.
  replica = await primary.startReplica();
  const owner = await writer();
  for (const statement of createStatements(1, fields)) await owner.query(statement);
  const url = replica.urlOf(database.queryUrl);
  pool = createQueryPool({ url, poolSize: 4, connectTimeoutMs: 2000, statementTimeoutMs: 10_000 });
  feed = createArrivalFeed({ pool, statementTimeoutMs: 10_000, intervalMs: 20, onFailure: () => undefined });
  service = parsedTails(createTailService({ pool, feed, statementTimeoutMs: 10_000, paceMs: 0 }));
  const answers = () => service.tail(target, {}, never).catch(() => undefined);
  await waitFor(answers, { what: 'the table on the replica', timeoutMs: 20_000 });
}, 60_000);
afterAll(async () => {
  feed?.close();
  await service?.close();
  await pool?.end();
  for (const client of writers) await client.end();
  await replica?.stop();
  await primary?.stop();
}, 30_000);

async function writer(): Promise<Client> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  writers.push(client);
  return client;
}

/** As a worker stores them; `open` leaves the transaction open. */
async function store(client: Client, from: number, to: number, open = false): Promise<void> {
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO ingest.committed_chunks (chunk_id, dataset_id, records) VALUES (gen_random_uuid(), 1, $1)`,
    [to - from],
  );
  await insertRecords(client, target, numbered(to - from, from));
  if (!open) await client.query('COMMIT');
}

test('on a replica, too, each record is shown once, however transactions overlap', async () => {
  const [one, two] = [await writer(), await writer()];
  await store(one, 0, 10, true);
  // A transaction that was open before the tail began, as the replica knows by now.
  const { cursor: start } = await service.tail(target, {}, never);
  const values: number[] = [];
  let cursor = start;
  const follow = async (count: number) => {
    while (values.length < count) {
      const select = [{ field: 'n' }];
      const answer = await service.tail(target, { cursor, select, limit: 7, wait: 20 }, never);
      values.push(...answer.rows.map(({ n }) => n as number));
      cursor = answer.cursor;
    }
  };
  await store(two, 10, 20);
  await one.query('COMMIT');
  await follow(20);
  const writing = (async () => {
    for (let i = 1; i < 20; i++) {
      await store(one, i * 20, i * 20 + 10, true);
      await store(two, i * 20 + 10, i * 20 + 20);
      await one.query('COMMIT');
    }
  })();
  await follow(400);
  await writing;
  expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => i));
  expect(await service.tail(target, { cursor, wait: 0.5 }, never)).toMatchObject({ rows: [], more: false });
}, 60_000);

test('a dataset that the replica does not have yet is unavailable for a moment', async () => {
  const unknown = service.tail({ ...target, id: 999 }, {}, never);
  await expect(unknown).rejects.toMatchObject({ code: 'unavailable', status: 503 });
});

test('a cursor that another replica got further with is kept until this one has got there', async () => {
  const { cursor } = await service.tail(target, {}, never);
  const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
  const ahead = (ms: number) => {
    const at = (parts[4] as number) + ms;
    const moment = ['900000000000:900000000000:', at, at];
    return Buffer.from(JSON.stringify([...parts.slice(0, 3), ...moment, parts[6]])).toString('base64url');
  };
  const near = ahead(60_000);
  expect(await service.tail(target, { cursor: near }, never)).toMatchObject({ rows: [], more: false, cursor: near });
  const far = service.tail(target, { cursor: ahead(24 * 3_600_000) }, never);
  await expect(far).rejects.toMatchObject({ code: 'cursor_expired' });
});
