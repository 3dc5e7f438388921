import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresReplica, type PrivatePostgres, startPostgres, type TestDatabase, waitFor } from '@loguro/testing';
import type { Query } from '@loguro/types';
import { Client, type Pool } from 'pg';
import { createStatements } from '../datasets/record-table.js';
import { createQueryPool } from './query-pool.js';
import { createQueryService } from './query-service.js';
import { parsedQueries } from './testing/parsed.js';
import { insertRecords } from './testing/record-fixture.js';

const fields = { n: 'number' } as const;
const target = { id: 1, projectId: 1, fields };
const everything = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };
const never = new AbortController().signal;

let primary: PrivatePostgres;
let database: TestDatabase;
let replica: PostgresReplica;
let pool: Pool;
let service: ReturnType<typeof parsedQueries>;
let owner: Client;

beforeAll(async () => {
  primary = await startPostgres();
  database = await primary.createDatabase();
  replica = await primary.startReplica();
  const url = replica.urlOf(database.queryUrl);
  pool = createQueryPool({ url, poolSize: 4, connectTimeoutMs: 2000, statementTimeoutMs: 10_000 });
  service = parsedQueries(createQueryService({ pool, statementTimeoutMs: 10_000 }));
  owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const statement of createStatements(1, fields)) await owner.query(statement);
  const records = Array.from({ length: 500 }, (_, n) => ({ timestamp: new Date(n * 1000).toISOString(), n }));
  await insertRecords(owner, target, records);
  const count = () => service.run(target, { range: everything }, never).catch(() => undefined);
  await waitFor(async () => (await count())?.rows[0]?.count === 500, { what: 'the records', timeoutMs: 20_000 });
}, 60_000);
afterAll(async () => {
  await service?.close();
  await pool?.end();
  await owner?.end();
  await replica?.stop();
  await primary?.stop();
}, 30_000);

test('queries run on a streaming replica: pages by cursor, streams, explanations', async () => {
  const query: Query = { range: everything, select: [{ field: 'n' }], limit: 200 };
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await service.run(target, { ...query, ...(cursor && { cursor }) }, never);
    seen.push(...page.rows.map(({ n }) => n));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 500 }, (_, i) => 499 - i));
  const { chunks } = await service.stream(target, { range: everything, select: [{ field: 'n' }] }, 'text/csv', never);
  let text = '';
  for await (const chunk of chunks) text += chunk;
  expect(text.trim().split('\r\n')).toHaveLength(501);
  expect((await service.explain(target, query, never)).estimatedRows).toBeGreaterThan(0);
});

/** Takes seconds on the records below. */
const slow: Query = {
  range: everything,
  where: [{ or: Array.from({ length: 99 }, (_, i) => ({ field: 'n', op: '=' as const, value: i + 0.5 })) }],
};

/** Whether a query runs on the replica. */
async function running(): Promise<boolean> {
  const { rows } = await pool.query(
    `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%dataset_1%' AND pid <> pg_backend_pid()`,
  );
  return rows.length > 0;
}
const starts = () => waitFor(running, { what: 'the statement', timeoutMs: 10_000, intervalMs: 2 });

describe('with many records', () => {
  beforeAll(async () => {
    await owner.query(
      `INSERT INTO records.dataset_1 ("timestamp", "context", "__traceId", "n")
       SELECT now(), '{}', 't', i FROM generate_series(1, 800000) i`,
    );
    const count = async () => (await service.run(target, { range: everything }, never)).rows[0]?.count;
    await waitFor(async () => (await count()) === 800_500, { what: 'the records', timeoutMs: 60_000 });
  }, 90_000);

  test('a client that goes away ends its statement on the replica', async () => {
    const client = new AbortController();
    const answer = service.run(target, slow, client.signal).catch((error: Error) => error.message);
    await starts();
    client.abort(new Error('gone'));
    expect(await answer).toBe('gone');
    await waitFor(async () => !(await running()), { what: 'its end', timeoutMs: 5000 });
  }, 30_000);

  test('a query that is in the way of what the primary did is a 503', async () => {
    const failed = expect(service.run(target, slow, never)).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    await starts();
    await owner.query('TRUNCATE records.dataset_1');
    await failed;
  }, 30_000);
});

test('a dataset that the replica has not heard of is a 503, not a 404', async () => {
  const unheard = { ...target, id: 4711 };
  const expected = { code: 'unavailable', status: 503, headers: { 'Retry-After': '1' } };
  await expect(service.run(unheard, {}, never)).rejects.toMatchObject(expected);
  await expect(service.stream(unheard, {}, 'text/csv', never)).rejects.toMatchObject(expected);
});
