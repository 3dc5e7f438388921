import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { undocumented, waitFor } from '@loguro/testing';
import { LIMITS } from '@loguro/types';
import { Client } from 'pg';
import type { CallOptions, TestApi } from '../testing/test-api.js';
import { startTestApi } from '../testing/test-api.js';

let api: TestApi;
let owner: Client;
let options: CallOptions & { params: { projectSlug: string; datasetId: number } };
beforeAll(async () => {
  api = await startTestApi({ LOGURO_QUERY_TIMEOUT_MS: '20000' });
  const tenant = await api.tenant();
  const { id } = await api.dataset(tenant, { name: 'string', n: 'number' });
  options = { as: tenant.owner, params: { projectSlug: tenant.project.slug, datasetId: id } };
  owner = new Client({ connectionString: api.databases.ownerUrl });
  await owner.connect();
  await owner.query(
    `INSERT INTO records.dataset_${id} ("timestamp", "context", "__traceId", "name", "n")
     SELECT now() - i * interval '1 second', '{}', 't', repeat(md5(i::text), 100), i FROM generate_series(1, 50000) i`,
  );
});
afterAll(async () => {
  await owner.end();
  await api.stop();
});

const query = (body: object, accept?: string) =>
  api.call('queryDataset', { ...options, body, ...(accept && { headers: { Accept: accept } }) });

/** Sends a query that takes long. Tells how that failed. */
function search(signal: AbortSignal): Promise<unknown> {
  const { pat } = options.as as { pat: string };
  const or = Array.from({ length: 99 }, (_, i) => ({ field: 'name', op: 'contains', value: `${i}needle` }));
  return fetch(`${api.url}/api/datasets/${options.params.projectSlug}/${options.params.datasetId}/query`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ where: [{ or }] }),
    signal,
  }).catch((error: Error) => error.name);
}

test('a query is answered as JSON unless the client prefers rows', async () => {
  const body = { select: [{ field: 'n' }], orderBy: [{ field: 'n' }], limit: 2 };
  const json = await query(body);
  expect(json.body).toMatchObject({ rows: [{ n: 1 }, { n: 2 }], rowCount: 2, nextCursor: expect.any(String) });
  expect((await query({ ...body, cursor: json.body.nextCursor })).body.rows).toEqual([{ n: 3 }, { n: 4 }]);
});

test('pages go on behind whatever a record can hold', async () => {
  const tenant = await api.tenant();
  const { id: datasetId } = await api.dataset(tenant, { text: 'string' });
  await owner.query(
    `INSERT INTO records.dataset_${datasetId} ("timestamp", "context", "__traceId", "text")
     SELECT now(), '{}', 't', repeat(chr(7), $1::int) || i FROM generate_series(1, 3) i`,
    // Written as \u0007 in JSON, so many of them fill a record.
    [Math.floor((LIMITS.recordBytes - 200) / 6)],
  );
  const at = { as: tenant.owner, params: { projectSlug: tenant.project.slug, datasetId } };
  const body = { select: [{ field: 'text' }], orderBy: [{ field: 'text' }], limit: 1 };
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.call('queryDataset', { ...at, body: { ...body, ...(cursor && { cursor }) }, expect: 200 });
    seen.push(...page.body.rows.map((row: { text: string }) => row.text.slice(-1)));
    cursor = page.body.nextCursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(['1', '2', '3']);
});

test('a bucket stands in groupBy and in orderBy in the same form', async () => {
  const hour = { bucket: 'hour', field: 'timestamp', as: 'hour', timezone: 'Europe/Bucharest' };
  const { body } = await query({ groupBy: [hour], orderBy: [{ ...hour, direction: 'desc' }] });
  const hours = body.rows.map((row: { hour: string }) => row.hour);
  expect(hours.length).toBeGreaterThan(12);
  expect(hours).toEqual(hours.toSorted().reverse());
});

const many = <T>(length: number, item: T): T[] => Array.from({ length }, () => item);
test.each<[string, object, string]>([
  [
    'a list of more values than 1000',
    { where: [{ field: 'n', op: 'in', value: many(LIMITS.queryListValues + 1, 1) }] },
    'where[0].value',
  ],
  ['more columns than 100', { select: many(LIMITS.queryColumns + 1, { field: 'n' }) }, 'select'],
  ['more group keys than 20', { groupBy: many(LIMITS.queryKeys + 1, 'n') }, 'groupBy'],
  ['more terms of the order than 20', { orderBy: many(LIMITS.queryKeys + 1, { field: 'n' }) }, 'orderBy'],
  ['more conditions than 100', { where: many(LIMITS.queryConditions + 1, { field: 'n', op: 'is_null' }) }, 'where'],
])('%s is a 400 that says how many there may be', async (what, body, path) => {
  const answer = await query(body);
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'invalid_request' });
  const most = /\d+/.exec(what.split('than')[1] as string)?.[0] as string;
  expect(answer.body.details).toContainEqual({ path, message: expect.stringContaining(most) });
});

test('as much as the bounds allow is answered', async () => {
  const select = Array.from({ length: LIMITS.queryColumns }, (_, i) => ({ field: 'n', as: `n${i}` }));
  const where = [{ field: 'n', op: 'in', value: Array.from({ length: LIMITS.queryListValues }, (_, i) => i) }];
  const orderBy = many(LIMITS.queryKeys, { field: 'n' });
  const { body } = await query({ select, where, orderBy, limit: 1 });
  expect(Object.keys(body.rows[0])).toHaveLength(LIMITS.queryColumns);
});

test('an explanation says what would be run', async () => {
  const { body } = await query({ explain: true });
  expect(body).toMatchObject({
    sql: expect.stringContaining('count(*)'),
    parameters: expect.any(Array),
    estimatedRows: 1,
  });
});

test.each([
  [{ limit: 0 }, 'invalid_request'],
  [{ where: [{ field: 'n', op: 'like', value: 'x' }] }, 'invalid_request'],
  [{ selekt: [] }, 'invalid_request'],
  [{ groupBy: [{ bucket: 'hour' }] }, 'invalid_request'],
  [{ where: [{ field: 'name', op: '>', value: 1 }] }, 'invalid_query'],
  [{ fill: true }, 'invalid_query'],
])('%j is a 400', async (body, code) => {
  const answer = await query(body);
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code });
  expect(answer.body.details.length).toBeGreaterThan(0);
});

test('what is wrong is said in one sentence, with what was probably meant', async () => {
  expect((await query({ groupby: ['name'] })).body.error).toBe(
    'The body is not acceptable: groupby is not a known property; did you mean "groupBy"?',
  );
  expect((await query({ select: ['name', 'n'], limit: 0 })).body.error).toBe(
    'The body is not acceptable: select[0] must be an object such as {"field":"name"} (and 2 more: see "details").',
  );
  expect((await query({ select: [{ field: 'nmae' }] })).body.error).toBe(
    'The query can\'t be run: select[0].field names no field: "nmae"; did you mean "name"?',
  );
});

test.each(['text/csv', 'application/x-ndjson'])(
  'a stream of %s that fails half-way cuts the connection, so that its client can tell',
  async (type) => {
    const { pat } = options.as as { pat: string };
    const answer = await fetch(
      `${api.url}/api/datasets/${options.params.projectSlug}/${options.params.datasetId}/query`,
      {
        method: 'POST',
        headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json', Accept: type },
        body: JSON.stringify({ select: [{ field: 'name' }] }),
      },
    );
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    expect((await reader.read()).done).toBe(false);
    const { rowCount } = await owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND usename = 'loguro_query' AND state <> 'idle' AND query LIKE '%dataset_%'`,
    );
    expect(rowCount).toBe(1);
    const rest = async () => {
      for (let done = false; !done; ) ({ done } = await reader.read());
    };
    const started = performance.now();
    await expect(rest()).rejects.toThrow();
    // What broke is not waited for as long as a query may take.
    expect(performance.now() - started).toBeLessThan(10_000);
  },
);

test('a client that goes away while its credential is looked up leaves no query behind', async () => {
  const { pat } = options.as as { pat: string };
  const holder = new Client({ connectionString: api.databases.ownerUrl });
  await holder.connect();
  const waiting = async (table: string) =>
    (await owner.query('SELECT 1 FROM pg_locks WHERE NOT granted AND relation = $1::regclass', [table])).rowCount;
  const gone = async () =>
    Number(
      /^loguro_control_query_seconds_count\{kind="page",outcome="client_gone"\} (\d+)$/m.exec(
        await api.metrics(),
      )?.[1] ?? 0,
    );
  try {
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE records.dataset_${options.params.datasetId} IN ACCESS EXCLUSIVE MODE`);
    await holder.query('SAVEPOINT s');
    await holder.query('LOCK TABLE personal_access_tokens IN ACCESS EXCLUSIVE MODE');
    const before = await gone();
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    const path = `/api/datasets/${options.params.projectSlug}/${options.params.datasetId}/query`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pat}\r\nContent-Length: 0\r\n\r\n`);
    await waitFor(() => waiting('personal_access_tokens'), { timeoutMs: 5000, what: 'the credential to be looked up' });
    socket.destroy();
    const aborted = async () => /operation="queryDataset",method="POST",status="499"/.test(await api.metrics());
    await waitFor(aborted, { timeoutMs: 5000, what: 'the service to notice' });
    await holder.query('ROLLBACK TO SAVEPOINT s');
    await waitFor(async () => (await gone()) === before + 1, { timeoutMs: 5000, what: 'the query to be given up' });
    expect(await waiting(`records.dataset_${options.params.datasetId}`)).toBe(0);
  } finally {
    await holder.end();
  }
});

test('rows stream as CSV and NDJSON over HTTP', async () => {
  const { pat } = options.as as { pat: string };
  const send = (accept: string) =>
    fetch(`${api.url}/api/datasets/${options.params.projectSlug}/${options.params.datasetId}/query`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json', Accept: accept },
      body: JSON.stringify({ select: [{ field: 'n' }] }),
    });
  const csv = await send('text/csv');
  expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
  expect((await csv.text()).split('\r\n').length).toBe(50_002);
  const ndjson = await send('application/x-ndjson');
  expect(ndjson.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
  expect(JSON.parse((await ndjson.text()).split('\n')[0] as string)).toEqual({ n: 1 });
});

test('when the client closes the connection, the statement ends in the database', async () => {
  const running = async () => {
    const { rows } = await owner.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%strpos%' AND pid <> pg_backend_pid()`,
    );
    return rows[0].n as number;
  };
  const client = new AbortController();
  const answer = search(client.signal);
  await waitFor(async () => (await running()) > 0, { timeoutMs: 5000, what: 'the statement to run' });
  client.abort();
  expect(await api.metrics()).toMatch(/^loguro_control_queries_running\{kind="page"\} 1$/m);
  expect(await answer).toBe('AbortError');
  await waitFor(async () => (await running()) === 0, { timeoutMs: 5000, what: 'the statement to end' });
});

const metric = async (name: string) =>
  Number((await api.metrics()).match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1] ?? Number.NaN);

test('a dashboard that asks for more panels at once than a project may run queries is answered whole', async () => {
  const panel = { select: [{ aggregate: 'count_distinct', field: 'n' }] };
  const answers = await Promise.all(Array.from({ length: 16 }, () => query(panel)));
  expect(answers.map(({ body }) => body.rows)).toEqual(Array(16).fill([{ count_distinct_n: 50_000 }]));
  expect(await metric('loguro_control_query_wait_seconds_count')).toBeGreaterThan(0);
  expect(await metric('loguro_control_queries_waiting')).toBe(0);
});

test('who goes away while waiting for a turn leaves the line', async () => {
  const running = new AbortController();
  const waiting = new AbortController();
  const gone = Array.from({ length: 4 }, () => search(running.signal));
  const allRun = async () => (await metric('loguro_control_queries_running\\{kind="page"\\}')) === 4;
  await waitFor(allRun, { timeoutMs: 5000, what: 'four queries to run' });
  gone.push(search(waiting.signal));
  const inLine = (count: number) => async () => (await metric('loguro_control_queries_waiting')) === count;
  await waitFor(inLine(1), { timeoutMs: 5000, what: 'the fifth to wait' });
  waiting.abort();
  await waitFor(inLine(0), { timeoutMs: 2000, what: 'the fifth to leave' });
  running.abort();
  expect(await Promise.all(gone)).toEqual(Array(5).fill('AbortError'));
});

test('the metrics tell of every query how long it ran and how it ended, and of none that it still runs', async () => {
  const { pat } = options.as as { pat: string };
  const client = new AbortController();
  const left = await fetch(`${api.url}/api/datasets/${options.params.projectSlug}/${options.params.datasetId}/query`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json', Accept: 'text/csv' },
    body: JSON.stringify({ select: [{ field: 'name' }] }),
    signal: client.signal,
  });
  client.abort();
  await expect(left.text()).rejects.toThrow();
  await query({});
  await query({ explain: true });
  await query({ fill: true });
  const counted = async (kind: string, outcome: string) => {
    const line = `loguro_control_query_seconds_count\\{kind="${kind}",outcome="${outcome}"\\} (\\d+)`;
    return Number((await api.metrics()).match(new RegExp(line))?.[1] ?? 0);
  };
  await waitFor(async () => (await counted('stream', 'client_gone')) === 1, { what: 'the stream to be given up' });
  const ended = [
    ['page', 'ok'],
    ['page', 'invalid_query'],
    ['explain', 'ok'],
  ] as const;
  for (const [kind, outcome] of ended) expect(await counted(kind, outcome)).toBeGreaterThan(0);
  const text = await api.metrics();
  for (const kind of ['page', 'explain', 'stream']) {
    expect(text).toContain(`loguro_control_queries_running{kind="${kind}"} 0`);
  }
  expect(undocumented('Control plane', text)).toEqual([]);
});
