import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PrivatePostgres, startPostgres, type TestDatabase } from '@loguro/testing';
import type { Query } from '@loguro/types';
import { Client } from 'pg';
import { createStatements } from '../datasets/record-table.js';
import { createQueryPool } from './query-pool.js';
import { createQueryService } from './query-service.js';
import { parsedQueries } from './testing/parsed.js';

const fields = { name: 'string' } as const;
const target = { id: 1, projectId: 1, fields };
const QUERIES = 3;

/** Reads the whole table, and takes a while for each row of it. */
const heavy: Query = {
  range: { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' },
  where: [
    { or: Array.from({ length: 12 }, (_, i) => ({ field: 'name', op: 'contains' as const, value: `${i}needle` })) },
  ],
};

// A server of its own: parallel workers are counted for the whole of it.
let server: PrivatePostgres;
let database: TestDatabase;
let owner: Client;
beforeAll(async () => {
  server = await startPostgres();
  database = await server.createDatabase();
  owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const statement of createStatements(target.id, fields)) await owner.query(statement);
  // More than the 24 MB from which on the planner wants two workers.
  await owner.query(
    `INSERT INTO records.dataset_1 ("timestamp", "context", "__traceId", "name")
     SELECT now() - i * interval '1 second', '{}', 't', repeat(md5(i::text), 8) FROM generate_series(1, 90000) i`,
  );
  await owner.query('ANALYZE records.dataset_1');
}, 60_000);
afterAll(async () => {
  await owner?.end();
  await server?.stop();
}, 30_000);

/** The parallel workers seen at once while two control planes run heavy queries at the same time, at the most. */
async function mostWorkers(parallelWorkers: number): Promise<number> {
  const planes = [1, 2].map(() => {
    const session = { connectTimeoutMs: 5000, statementTimeoutMs: 30_000 };
    const pool = createQueryPool({ url: database.queryUrl, poolSize: QUERIES, ...session, parallelWorkers });
    const options = { pool, statementTimeoutMs: 30_000, queriesPerProject: QUERIES };
    return { pool, service: parsedQueries(createQueryService(options)) };
  });
  try {
    let running = true;
    const never = new AbortController().signal;
    const answers = Promise.all(
      planes.flatMap(({ service }) => Array.from({ length: QUERIES }, () => service.run(target, heavy, never))),
    ).finally(() => {
      running = false;
    });
    let most = 0;
    while (running) {
      const { rows } = await owner.query<{ workers: number }>(
        `SELECT count(*)::int AS workers FROM pg_stat_activity WHERE backend_type = 'parallel worker'`,
      );
      most = Math.max(most, rows[0]?.workers ?? 0);
    }
    expect((await answers).map(({ rows }) => rows)).toEqual(Array(2 * QUERIES).fill([{ count: 0 }]));
    return most;
  } finally {
    for (const { pool, service } of planes) {
      await service.close();
      await pool.end();
    }
  }
}

test('all queries of all control planes together run no more parallel workers than they may', async () => {
  const most = await mostWorkers(2);
  expect(most).toBeGreaterThanOrEqual(1);
  expect(most).toBeLessThanOrEqual(2);
}, 60_000);

test('with a higher bound they run more, and with none each query keeps to one core', async () => {
  expect(await mostWorkers(6)).toBeGreaterThan(2);
  expect(await mostWorkers(0)).toBe(0);
}, 60_000);
