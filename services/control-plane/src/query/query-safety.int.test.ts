import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, waitFor } from '@loguro/testing';
import type { Query } from '@loguro/types';
import { Client, type PoolClient } from 'pg';
import { createStatements } from '../datasets/record-table.js';
import { lease } from './connection.js';
import { createQueryPool } from './query-pool.js';
import { createQueryService, type QueryTarget } from './query-service.js';
import { withSortMemory } from './sort-memory.js';
import { parsedQueries } from './testing/parsed.js';
import { createQueryFixture } from './testing/record-fixture.js';

type Fixture = Awaited<ReturnType<typeof createQueryFixture>>;

const fields = { name: 'string', n: 'number' } as const;
const everything = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };
const never = new AbortController().signal;

/** Takes minutes: each of the strings is searched for each of many needles. */
const slow: Query = {
  range: everything,
  where: [
    { or: Array.from({ length: 99 }, (_, i) => ({ field: 'name', op: 'contains' as const, value: `${i}needle` })) },
  ],
};

let fixture: Fixture;
let target: QueryTarget;
beforeAll(async () => {
  fixture = await createQueryFixture({
    statementTimeoutMs: 1500,
    queriesPerProject: 2,
    waitMs: 200,
    maxResultBytes: 100_000,
  });
  target = await fixture.dataset(fields);
  await fixture.owner.query(
    `INSERT INTO records.dataset_${target.id} ("timestamp", "context", "__traceId", "name", "n")
     SELECT now() - i * interval '1 second', '{}', 't', repeat(md5(i::text), 100), i FROM generate_series(1, 60000) i`,
  );
});
afterAll(() => fixture.close());

/** Statements of the query role that are running. */
async function running(): Promise<number> {
  const { rows } = await fixture.owner.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND usename = 'loguro_query' AND state = 'active' AND query LIKE '%strpos%'
        AND backend_type = 'client backend'`,
  );
  return rows[0].n;
}
const isRunning = (count: number) =>
  waitFor(async () => (await running()) === count, { timeoutMs: 5000, what: `${count} running statements` });

test('a query that takes too long is stopped with 504', async () => {
  await expect(fixture.service.run(target, slow, never)).rejects.toMatchObject({ code: 'query_timeout', status: 504 });
  await isRunning(0);
});

test('when the client goes away the statement is cancelled in the database, and the connection is used again', async () => {
  const pids = async () =>
    (
      await fixture.owner.query(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'loguro-query' AND datname = current_database()`,
      )
    ).rows;
  for (let round = 0; round < 5; round++) {
    const client = new AbortController();
    const answer = fixture.service.run(target, slow, client.signal);
    await isRunning(1);
    client.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    await isRunning(0);
    expect((await fixture.service.run(target, { range: everything }, never)).rows).toEqual([{ count: 60_000 }]);
  }
  expect((await pids()).length).toBeLessThanOrEqual(2 + 6);
});

test('a client that is gone before its query starts costs the database nothing', async () => {
  await expect(fixture.service.run(target, slow, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(await running()).toBe(0);
});

test('a project runs so many queries at once and no more, and other projects still run theirs', async () => {
  const client = new AbortController();
  const heavy = [1, 2].map(() =>
    fixture.service.run(target, slow, client.signal).catch((error: Error) => error.message),
  );
  await isRunning(2);
  await expect(fixture.service.run(target, {}, never)).rejects.toMatchObject({
    code: 'too_many_queries',
    status: 429,
    headers: { 'Retry-After': '1' },
  });
  const other = { ...target, projectId: 2 };
  expect((await fixture.service.run(other, { range: everything }, never)).rowCount).toBe(1);
  client.abort(new Error('gone'));
  expect(await Promise.all(heavy)).toEqual(['gone', 'gone']);
  expect((await fixture.service.run(target, { range: everything }, never)).rowCount).toBe(1);
});

test('an answer with more bytes than it may have is refused, and its statement stopped', async () => {
  const query: Query = { range: everything, select: [{ field: 'name' }], limit: 1000 };
  await expect(fixture.service.run(target, query, never)).rejects.toMatchObject({
    code: 'result_too_large',
    status: 400,
  });
  expect((await fixture.service.run(target, { ...query, limit: 10 }, never)).rowCount).toBe(10);
});

test('a query with many sorts has the memory of a few, and its session is as before afterwards', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
  const wide = await fixture.dataset(Object.fromEntries(names.map((name) => [name, 'number' as const])));
  const columns = names.map((name) => `"${name}"`).join(', ');
  await fixture.owner.query(
    `INSERT INTO records.dataset_${wide.id} ("timestamp", "context", "__traceId", ${columns})
     SELECT now(), '{}', 't', ${names.map(() => 'i').join(', ')} FROM generate_series(1, 100) i`,
  );
  const pool = createQueryPool({
    url: fixture.database.queryUrl,
    poolSize: 1,
    connectTimeoutMs: 2000,
    statementTimeoutMs: 10_000,
  });
  const seen: string[] = [];
  const work_mem = async (client: PoolClient) => (await client.query<{ work_mem: string }>('SHOW work_mem')).rows[0];
  const connection = await lease(pool);
  const { client } = connection;
  const ask = (sorts: number) =>
    withSortMemory(connection, { sorts, statementTimeoutMs: 1000 }, async () => {
      seen.push((await work_mem(client))?.work_mem ?? '');
    });
  await ask(8);
  await ask(40);
  await expect(
    withSortMemory(connection, { sorts: 100, statementTimeoutMs: 1000 }, () => client.query('SELECT 1 / 0')),
  ).rejects.toMatchObject({ code: '22012' });
  expect(seen).toEqual(['32MB', '6553kB']);
  expect(await work_mem(client)).toEqual({ work_mem: '32MB' });
  connection.release();
  const service = createQueryService({ pool, statementTimeoutMs: 10_000 });
  try {
    const select = names.map((field) => ({ aggregate: 'count_distinct' as const, field }));
    const answer = JSON.parse(await service.run(wide, { range: everything, select }, never));
    expect(answer.rows).toEqual([Object.fromEntries(names.map((name) => [`count_distinct_${name}`, 100]))]);
    const { chunks } = await service.stream(wide, { range: everything, select }, 'application/x-ndjson', never);
    for await (const chunk of chunks) expect(JSON.parse(chunk)).toEqual(answer.rows[0]);
    expect((await pool.query('SHOW work_mem')).rows).toEqual([{ work_mem: '32MB' }]);
  } finally {
    await service.close();
    await pool.end();
  }
});

test('sums beyond the range of a double are refused, averages of such numbers are not', async () => {
  const huge = await fixture.dataset(fields, [
    { timestamp: '2026-01-01T00:00:00Z', name: 'a', n: 1.5e308 },
    { timestamp: '2026-01-01T00:00:00Z', name: 'a', n: 1.5e308 },
    { timestamp: '2026-01-01T00:00:00Z', name: 'b', n: 1e200 },
    { timestamp: '2026-01-01T00:00:00Z', name: 'b', n: 3e200 },
    { timestamp: '2026-01-01T00:00:00Z', name: 'c', n: -1.7e308 },
    { timestamp: '2026-01-01T00:00:00Z', name: 'c', n: 1.7e308 },
  ]);
  const ask = (aggregate: 'sum' | 'avg' | 'p50', name: string) =>
    fixture.service.run(
      huge,
      {
        range: everything,
        select: [{ aggregate, field: 'n', as: 'x' }],
        where: [{ field: 'name', op: '=', value: name }],
      },
      never,
    );
  await expect(ask('sum', 'a')).rejects.toMatchObject({ code: 'invalid_query' });
  expect((await ask('avg', 'b')).rows).toEqual([{ x: 2e200 }]);
  expect((await ask('p50', 'c')).rows).toEqual([{ x: null }]);
});

test('a query that fills the disk with temporary files is stopped, and leaves none', async () => {
  const [database] = (await fixture.owner.query('SELECT current_database() AS name')).rows;
  // As a migration limits the role; lower, and in this database alone.
  await fixture.owner.query(`ALTER ROLE loguro_query IN DATABASE "${database.name}" SET temp_file_limit = '1MB'`);
  const pool = createQueryPool({
    url: fixture.database.queryUrl,
    poolSize: 1,
    connectTimeoutMs: 2000,
    statementTimeoutMs: 10_000,
    workMemKib: 64,
  });
  const service = parsedQueries(createQueryService({ pool, statementTimeoutMs: 10_000 }));
  const { pid } = (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0];
  const temporary = async () =>
    (await fixture.owner.query(`SELECT 1 FROM pg_ls_tmpdir() WHERE name LIKE $1`, [`pgsql_tmp${pid}.%`])).rowCount;
  try {
    const select = [{ aggregate: 'count_distinct' as const, field: 'name' }];
    await expect(service.run(target, { range: everything, select }, never)).rejects.toMatchObject({
      code: 'result_too_large',
      message: expect.stringMatching(/temporary disk/),
    });
    await waitFor(async () => (await temporary()) === 0, { timeoutMs: 5000, what: 'no temporary files' });
    expect((await service.run(target, { range: everything }, never)).rows).toEqual([{ count: 60_000 }]);
  } finally {
    await service.close();
    await pool.end();
  }
});

test('sessions of the query role can not write, whatever they are told', async () => {
  const client = await fixture.pool.connect();
  try {
    for (const sql of [
      `INSERT INTO records.dataset_${target.id} ("timestamp", "context", "__traceId", "name", "n") VALUES (now(), '{}', 't', 'x', 1)`,
      `DELETE FROM records.dataset_${target.id}`,
      'CREATE TABLE records.mine (a int)',
      'SELECT * FROM public.personal_access_tokens',
    ]) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^(25006|42501)$/) });
      await client.query('SET default_transaction_read_only = off');
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
      await client.query('RESET default_transaction_read_only');
    }
  } finally {
    client.release();
  }
});

test('a dataset that was deleted meanwhile is not found', async () => {
  const gone = await fixture.dataset(fields);
  await fixture.owner.query(`DROP TABLE records.dataset_${gone.id}`);
  await expect(fixture.service.run(gone, {}, never)).rejects.toMatchObject({ code: 'dataset_not_found' });
});

describe('explain', () => {
  test('shows the statement, its parameters and the estimate, and runs nothing', async () => {
    const explanation = await fixture.service.explain(
      target,
      { ...slow, where: [{ field: 'name', op: '=', value: "o'" }] },
      never,
    );
    expect(Object.keys(explanation).sort()).toEqual(['columns', 'estimatedRows', 'parameters', 'range', 'sql']);
    expect(explanation.sql).not.toContain("o'");
    expect(explanation.parameters).toContain("o'");
    expect(explanation.estimatedRows).toBe(1);
    const { rows } = await fixture.owner.query(explanation.sql, explanation.parameters);
    expect(rows).toEqual([{ c0: '0' }]);
  });
});

test('a database that is away is a 503, and answers again by itself when it is back', async () => {
  const server = await startPostgres();
  const away = await server.createDatabase();
  const owner = new Client({ connectionString: away.ownerUrl });
  await owner.connect();
  for (const statement of createStatements(1, fields)) await owner.query(statement);
  await owner.end();
  const pool = createQueryPool({ url: away.queryUrl, poolSize: 2, connectTimeoutMs: 1000, statementTimeoutMs: 5000 });
  const service = parsedQueries(createQueryService({ pool, statementTimeoutMs: 5000 }));
  try {
    const ask = () => service.run({ id: 1, projectId: 1, fields }, {}, never);
    expect((await ask()).rows).toEqual([{ count: 0 }]);
    await server.kill('SIGKILL');
    await expect(ask()).rejects.toMatchObject({
      code: 'unavailable',
      status: 503,
      headers: { 'Retry-After': '1' },
    });
    await server.restart();
    const answers = () =>
      ask().then(
        () => true,
        () => false,
      );
    await waitFor(answers, { timeoutMs: 10_000, what: 'an answer' });
  } finally {
    await service.close();
    await pool.end();
    await server.stop();
  }
}, 60_000);
