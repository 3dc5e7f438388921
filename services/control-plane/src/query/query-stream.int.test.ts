import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import type { Query } from '@loguro/types';
import { createCanceller } from './canceller.js';
import { compileQuery } from './compile/compile-query.js';
import { lease } from './connection.js';
import { rowSize } from './decode.js';
import { createQueryPool } from './query-pool.js';
import { createQueryService, type QueryTarget } from './query-service.js';
import { openRowStream } from './stream-rows.js';
import { planStream } from './stream-statements.js';
import { createQueryFixture, insertRecords } from './testing/record-fixture.js';

const fields = { name: 'string?', n: 'number?', ok: 'boolean?', at: 'timestamp?' } as const;
const everything = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999999Z' };
const never = new AbortController().signal;
const ROWS = 200_000;

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
let small: QueryTarget;
let large: QueryTarget;
beforeAll(async () => {
  fixture = await createQueryFixture({ streams: 2, statementTimeoutMs: 5000, streamTimeoutMs: 20_000 });
  small = await fixture.dataset(fields, [
    {
      timestamp: '2026-01-01T00:00:00.000001Z',
      name: 'a,"b"\r\nc',
      n: 0.1,
      ok: true,
      at: '2026-01-01T00:00:00+02:00',
      context: { a: [1, 'x'] },
    },
    { timestamp: '2026-01-02T00:00:00Z', name: '', n: 1e21, ok: false, at: null },
    { timestamp: '2026-01-03T00:00:00Z', name: null, n: null, ok: null, at: null },
  ]);
  large = await fixture.dataset(fields);
  await fixture.owner.query(
    `INSERT INTO records.dataset_${large.id} ("timestamp", "context", "__traceId", "name", "n")
     SELECT timestamptz '2026-01-01' + i * interval '1 second', '{}', 't', repeat(md5(i::text), 20), i
       FROM generate_series(1, ${ROWS}) i`,
  );
}, 60_000);
afterAll(() => fixture.close());

async function text(target: QueryTarget, query: Query, type: 'text/csv' | 'application/x-ndjson') {
  const { chunks } = await fixture.service.stream(target, { range: everything, ...query }, type, never);
  let all = '';
  for await (const chunk of chunks) all += chunk;
  return all;
}

const select = ['timestamp', 'name', 'n', 'ok', 'at', 'context'].map((field) => ({ field }));

/** Statements of streams that are open in the database. */
async function open(): Promise<number> {
  const { rows } = await fixture.owner.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND usename = 'loguro_query' AND state <> 'idle' AND query LIKE '%dataset_%'`,
  );
  return rows[0].n;
}
const noneOpen = () => waitFor(async () => (await open()) === 0, { timeoutMs: 5000, what: 'no open statement' });

describe('formats', () => {
  test('CSV has a line of names, quotes what needs it, and tells null from an empty string', async () => {
    expect(await text(small, { select, orderBy: [{ field: 'timestamp' }] }, 'text/csv')).toBe(
      'timestamp,name,n,ok,at,context\r\n' +
        '2026-01-01T00:00:00.000001Z,"a,""b""\r\nc",0.1,true,2025-12-31T22:00:00Z,"{""a"":[1,""x""]}"\r\n' +
        '2026-01-02T00:00:00Z,"",1e+21,false,,{}\r\n' +
        '2026-01-03T00:00:00Z,,,,,{}\r\n',
    );
  });

  test('NDJSON has the rows of the JSON answer, one a line', async () => {
    const query: Query = { range: everything, select, orderBy: [{ field: 'n', direction: 'desc' }] };
    const lines = (await text(small, query, 'application/x-ndjson')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual((await fixture.service.run(small, query, never)).rows);
  });

  test('a zero keeps its sign', async () => {
    const zeros = await fixture.dataset({ n: 'number' });
    await fixture.owner.query(
      `INSERT INTO records.dataset_${zeros.id} ("timestamp", "context", "__traceId", "n")
       VALUES ('2026-01-01', '{}', 't', '-0'), ('2026-01-02', '{}', 't', 0)`,
    );
    const query: Query = { range: everything, select: [{ field: 'n' }], orderBy: [{ field: 'timestamp' }] };
    expect((await fixture.service.run(zeros, query, never)).rows).toEqual([{ n: -0 }, { n: 0 }]);
    expect(await text(zeros, query, 'application/x-ndjson')).toBe('{"n":-0}\n{"n":0}\n');
    expect(await text(zeros, query, 'text/csv')).toBe('n\r\n-0\r\n0\r\n');
  });

  test('an answer without rows is a line of names, or nothing', async () => {
    const where = [{ field: 'n', op: '=' as const, value: 77 }];
    expect(await text(small, { select: [{ field: 'n' }], where }, 'text/csv')).toBe('n\r\n');
    expect(await text(small, { select: [{ field: 'n' }], where }, 'application/x-ndjson')).toBe('');
  });

  test('a stream has no limit but the one that is asked for', async () => {
    const count = async (query: Query) => (await text(large, query, 'application/x-ndjson')).split('\n').length - 1;
    expect(await count({ select: [{ field: 'n' }] })).toBe(ROWS);
    expect(await count({ select: [{ field: 'n' }], limit: 2500 })).toBe(2500);
    expect(await count({ groupBy: ['n'], limit: 1001 })).toBe(1001);
  });
});

/** Characters that a stream of rows reads, in all and at once. */
async function readSizes(target: QueryTarget, query: Query) {
  const options = { now: new Date(), mode: 'stream' as const };
  const all = { range: everything, ...query };
  const plan = planStream(compileQuery(target, all, options), (part) =>
    compileQuery(target, all, { ...options, part }),
  );
  const canceller = createCanceller(fixture.pool);
  const connection = await lease(fixture.pool);
  const stream = await openRowStream(connection, plan, {
    signal: never,
    canceller,
    statementTimeoutMs: 5000,
    streamTimeoutMs: 20_000,
    onExpired: () => undefined,
    readExtent: async () => undefined,
  });
  let [read, largest] = [0, 0];
  for (let rows = await stream.next(); rows.length > 0; rows = await stream.next()) {
    const size = rows.reduce((sum, row) => sum + rowSize(row), 0);
    read += size;
    largest = Math.max(largest, size);
  }
  await stream.close();
  connection.release();
  await canceller.close();
  return { read, largest };
}

describe('reading', () => {
  test('a slow reader slows the statement down instead of filling memory', async () => {
    const { chunks } = await fixture.service.stream(
      large,
      { range: everything, select: [{ field: 'name' }, { field: 'n' }] },
      'application/x-ndjson',
      never,
    );
    const before = process.memoryUsage().rss;
    let rows = 0;
    let largest = 0;
    for await (const chunk of chunks) {
      rows += chunk.split('\n').length - 1;
      largest = Math.max(largest, chunk.length);
      if (rows < 1000) {
        // What was read ahead would be held by now, and the database would be done.
        await waitFor(async () => (await open()) === 1, { timeoutMs: 2000, what: 'the statement to wait' });
      }
    }
    expect(rows).toBe(ROWS);
    expect(largest).toBeLessThan(2 * 1024 * 1024);
    // All rows together are 140 MB of text.
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * 1024 * 1024);
    await noneOpen();
  });

  test('a chunk is small however large the rows behind small ones are', async () => {
    const uneven = await fixture.dataset(fields);
    await fixture.owner.query(
      `INSERT INTO records.dataset_${uneven.id} ("timestamp", "context", "__traceId", "name")
       SELECT timestamptz '2026-01-01' + i * interval '1 second', '{}', 't', repeat('x', CASE WHEN i <= 200 THEN 1 ELSE 250000 END)
         FROM generate_series(1, 600) i`,
    );
    const orderBy = [{ field: 'timestamp' }];
    const { read, largest } = await readSizes(uneven, { select: [{ field: 'name' }], orderBy });
    expect(read).toBe(200 + 400 * 250_000);
    expect(largest).toBeLessThanOrEqual(128 * 250_000);
    const twice = [1, 2, 3, 4].map((i) => ({ field: 'name', as: `name${i}` }));
    expect((await readSizes(uneven, { select: twice, orderBy })).largest).toBeLessThanOrEqual(128 * 250_000);
    const { chunks } = await fixture.service.stream(
      uneven,
      { range: everything, select: [{ field: 'name' }], orderBy },
      'application/x-ndjson',
      never,
    );
    for await (const chunk of chunks) expect(chunk.length).toBeLessThan(512 * 1024);
  });

  test.each(['before the first chunk', 'half-way'])(
    'a reader that goes away %s frees the statement, the connection and the slot',
    async (when) => {
      for (let round = 0; round < 6; round++) {
        const client = new AbortController();
        const { chunks } = await fixture.service.stream(
          large,
          { range: everything, select: [{ field: 'n' }] },
          'text/csv',
          client.signal,
        );
        if (when === 'half-way') {
          const reader = chunks[Symbol.asyncIterator]();
          await reader.next();
          client.abort(new Error('gone'));
          await reader.return?.();
        } else client.abort(new Error('gone'));
        await noneOpen();
      }
      expect((await text(small, {}, 'application/x-ndjson')).trim()).toBe('{"count":3}');
    },
  );

  test('a reader that stops reading loses the stream when its time is up, and everyone else gets the place', async () => {
    const impatient = createQueryService({
      pool: fixture.pool,
      statementTimeoutMs: 5000,
      streamTimeoutMs: 3000,
      streams: 1,
    });
    try {
      const client = new AbortController();
      const query: Query = { range: everything, select: [{ field: 'name' }] };
      const { chunks } = await impatient.stream(large, query, 'application/x-ndjson', client.signal);
      const reader = chunks[Symbol.asyncIterator]();
      await reader.next();
      await noneOpen();
      const other = await impatient.stream(small, { range: everything }, 'text/csv', never);
      let text = '';
      for await (const chunk of other.chunks) text += chunk;
      expect(text).toMatch(/^count\r\n\d+\r\n$/);
      await expect(reader.next()).rejects.toMatchObject({ code: 'query_timeout' });
    } finally {
      await impatient.close();
    }
  });

  test('only so many results are streamed at once, however many projects ask', async () => {
    const client = new AbortController();
    const ask = (projectId: number) =>
      fixture.service.stream(
        { ...large, projectId },
        { range: everything, select: [{ field: 'n' }] },
        'text/csv',
        client.signal,
      );
    await ask(1);
    await ask(2);
    await expect(ask(3)).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    client.abort(new Error('gone'));
    await noneOpen();
  });
});

test('a reader that goes away while its stream waits for a connection leaves that as it was', async () => {
  const pool = createQueryPool({
    url: fixture.database.queryUrl,
    poolSize: 1,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 5000,
  });
  const service = createQueryService({ pool, statementTimeoutMs: 5000 });
  try {
    const held = await pool.connect();
    const client = new AbortController();
    const stream = service.stream(small, { range: everything }, 'text/csv', client.signal);
    await waitFor(() => pool.waitingCount === 1, { timeoutMs: 5000, what: 'the stream to wait' });
    client.abort(new Error('gone'));
    held.release();
    await expect(stream).rejects.toThrow('gone');
    expect((await pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '5s' }]);
    expect((await pool.query('SHOW work_mem')).rows).toEqual([{ work_mem: '32MB' }]);
    expect(pool.totalCount).toBe(1);
  } finally {
    await service.close();
    await pool.end();
  }
});

describe('in order of time', () => {
  test.each(['asc', 'desc'] as const)('a stream has every record in its place, %s', async (direction) => {
    const uneven = await fixture.dataset(fields);
    // Crowds, gaps of years, and many records of one instant.
    await fixture.owner.query(
      `INSERT INTO records.dataset_${uneven.id} ("timestamp", "context", "__traceId", "n")
       SELECT timestamptz '2026-01-01' + CASE i % 4 WHEN 0 THEN i * interval '1 microsecond' WHEN 1 THEN i * interval '1 hour'
                                                    WHEN 2 THEN interval '0' ELSE i * interval '-1 second' END, '{}', 't', i
         FROM generate_series(1, 40000) i`,
    );
    const query: Query = { select: [{ field: 'n' }], orderBy: [{ field: 'timestamp', direction }, { field: 'n' }] };
    const { rows } = await fixture.owner.query<{ n: number }>(
      `SELECT n FROM records.dataset_${uneven.id} ORDER BY "timestamp" ${direction}, n`,
    );
    const lines = (await text(uneven, query, 'text/csv')).trimEnd().split('\r\n').slice(1).map(Number);
    expect(lines).toEqual(rows.map(({ n }) => n));
    const some = (await text(uneven, { ...query, limit: 25_001 }, 'text/csv')).trimEnd().split('\r\n').slice(1);
    expect(some.map(Number)).toEqual(lines.slice(0, 25_001));
    const where = [{ field: 'n', op: '>' as const, value: 39_000 }];
    const few = (await text(uneven, { ...query, where }, 'text/csv')).trimEnd().split('\r\n').slice(1);
    expect(few.map(Number)).toEqual(lines.filter((n) => n > 39_000));
  });

  test('a stream needs no temporary disk, however large it is', async () => {
    const { database, owner } = fixture;
    await owner.query(`ALTER ROLE loguro_query IN DATABASE "${database.name}" SET temp_file_limit = '1MB'`);
    const session = { poolSize: 1, connectTimeoutMs: 5000, statementTimeoutMs: 10_000, workMemKib: 8192 };
    const pool = createQueryPool({ url: database.queryUrl, ...session });
    const service = createQueryService({ pool, statementTimeoutMs: 10_000 });
    try {
      const query: Query = { range: everything, select: [{ field: 'timestamp' }, { field: 'n' }] };
      const { chunks } = await service.stream(large, query, 'application/x-ndjson', never);
      let rows = 0;
      for await (const chunk of chunks) rows += chunk.split('\n').length - 1;
      expect(rows).toBe(ROWS);
      const settings = ['statement_timeout', 'work_mem', 'idle_in_transaction_session_timeout'];
      const shown = await Promise.all(settings.map(async (name) => (await pool.query(`SHOW ${name}`)).rows[0][name]));
      expect(shown).toEqual(['10s', '8MB', '1min']);
    } finally {
      await service.close();
      await pool.end();
      await owner.query(`ALTER ROLE loguro_query IN DATABASE "${database.name}" RESET temp_file_limit`);
    }
  });

  test('a stream shows what was there when it began', async () => {
    const growing = await fixture.dataset(fields);
    const add = (count: number) =>
      fixture.owner.query(
        `INSERT INTO records.dataset_${growing.id} ("timestamp", "context", "__traceId", "n")
         SELECT timestamptz '2026-01-01' + i * interval '1 second', '{}', 't', i FROM generate_series(1, ${count}) i`,
      );
    await add(100_000);
    const query: Query = { range: everything, select: [{ field: 'n' }] };
    const { chunks } = await fixture.service.stream(growing, query, 'application/x-ndjson', never);
    let rows = 0;
    for await (const chunk of chunks) {
      if (rows === 0) await add(1000);
      rows += chunk.split('\n').length - 1;
    }
    expect(rows).toBe(100_000);
  });
});

describe('failing', () => {
  test('what is wrong before the first row is an error, not half an answer', async () => {
    await insertRecords(fixture.owner, small, [
      { timestamp: '2026-02-01T00:00:00Z', name: 'big', n: 1.7e308 },
      { timestamp: '2026-02-01T00:00:00Z', name: 'big', n: 1.7e308 },
    ]);
    await expect(text(small, { select: [{ aggregate: 'sum', field: 'n' }] }, 'text/csv')).rejects.toMatchObject({
      code: 'invalid_query',
    });
    await noneOpen();
  });

  test('a statement that stops giving rows ends the stream with a time-out', async () => {
    const slow: Query = {
      range: everything,
      select: [{ field: 'n' }],
      where: [
        { or: Array.from({ length: 99 }, (_, i) => ({ field: 'name', op: 'contains' as const, value: `${i}needle` })) },
      ],
    };
    const started = performance.now();
    const many = await fixture.dataset(fields);
    await fixture.owner.query(
      `INSERT INTO records.dataset_${many.id} ("timestamp", "context", "__traceId", "name") SELECT now(), '{}', 't', repeat('x', 20000) FROM generate_series(1, 20000)`,
    );
    await expect(text(many, slow, 'text/csv')).rejects.toMatchObject({ code: 'query_timeout' });
    expect(performance.now() - started).toBeLessThan(20_000);
    await noneOpen();
  }, 60_000);
});
