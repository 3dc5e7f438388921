import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { BACKENDS } from '../testing/backends.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';

const RECEIPT = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{8}$/);
const NDJSON = { 'Content-Type': 'application/x-ndjson' };

describe.each(BACKENDS)('over %s', (backend) => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ backend });
    await api.bench.startWorker();
  });
  afterAll(() => api.close());

  const stored = (dataset: { count(): Promise<number> }, count: number) =>
    waitFor(async () => (await dataset.count()) === count, { what: `${count} records` });

  test('one record is answered 202 and stored with its request id', async () => {
    const dataset = await api.addDataset();
    const { token } = await api.addKey({ project: dataset.project });
    const answer = await api.send({
      path: `/datasets/${dataset.id}`,
      key: token,
      body: GOOD_RECORD,
      headers: { 'X-Request-Id': 'order-17' },
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ success: true, status: 'queued', receipt: RECEIPT });
    expect(answer.headers.get('x-request-id')).toBe('order-17');
    await stored(dataset, 1);
    expect(await dataset.values('__traceId')).toEqual(['order-17']);
    expect(await dataset.values('amount')).toEqual(['42.5']);
  });

  test('a batch is answered 202 with its count, and stored in its order', async () => {
    const dataset = await api.addDataset();
    const { token } = await api.addKey({ project: dataset.project });
    const body = ['a', 'b', 'c'].map((country) => ({ ...GOOD_RECORD, country }));
    const answer = await api.send({ path: `/datasets/${dataset.id}/batch`, key: token, body });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ success: true, status: 'queued', count: 3, receipt: RECEIPT });
    await stored(dataset, 3);
    expect(await dataset.values('country')).toEqual(['a', 'b', 'c']);
  });

  test('wait=stored answers 200 when the records can be queried', async () => {
    const dataset = await api.addDataset();
    const { token } = await api.addKey({ project: dataset.project });
    const answer = await api.send({ path: `/datasets/${dataset.id}?wait=stored`, key: token, body: GOOD_RECORD });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ success: true, status: 'stored', receipt: RECEIPT });
    expect(await dataset.count()).toBe(1);
  });

  test('the same Idempotency-Key with the same body is answered alike and stored once', async () => {
    const dataset = await api.addDataset();
    const { token } = await api.addKey({ project: dataset.project });
    const once = { path: `/datasets/${dataset.id}/batch`, key: token, body: [GOOD_RECORD, GOOD_RECORD] };
    const request = { ...once, headers: { 'Idempotency-Key': 'order 17/a' } };
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.send(request)));
    answers.push(await api.send(request));
    const receipts = new Set(answers.map(({ body }) => body.receipt));
    expect(answers.every(({ status, body }) => status === 202 && body.count === 2)).toBe(true);
    expect(receipts.size).toBe(1);
    await api.send({ ...once, path: `${once.path}?wait=stored`, body: [GOOD_RECORD] });
    await stored(dataset, 3);
    const compressed = await api.send({
      ...request,
      body: gzipSync(JSON.stringify(once.body)),
      headers: { ...request.headers, 'Content-Encoding': 'gzip' },
    });
    expect(compressed.body.receipt).toBe([...receipts][0]);
    const other = await api.send({ ...request, body: [GOOD_RECORD] });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('the ways in', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.bench.startWorker();
  });
  afterAll(() => api.close());
  const path = () => `/datasets/${api.dataset.id}`;
  const stores = async (count: number, request: Parameters<TestApi['send']>[0]) => {
    const before = await api.dataset.count();
    const answer = await api.send({
      ...request,
      path: `${request.path}${request.path.includes('?') ? '&' : '?'}wait=stored`,
    });
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ status: 'stored' })]);
    expect((await api.dataset.count()) - before).toBe(count);
    return answer;
  };

  test('without an id, records go to the default dataset, or fail while there is none', async () => {
    for (const legacy of ['/datasets', '/datasets/batch']) {
      const answer = await api.send({ path: legacy, body: legacy.endsWith('batch') ? [GOOD_RECORD] : GOOD_RECORD });
      expect([answer.status, answer.body.error]).toEqual([404, 'Dataset schema not found']);
    }
    await api.bench.owner.query('UPDATE datasets SET is_default = true WHERE id = $1', [api.dataset.id]);
    await waitFor(async () => (await api.send({ path: '/datasets?dry_run=true', body: GOOD_RECORD })).status === 200, {
      timeoutMs: 1000,
      what: 'the new default dataset',
    });
    await stores(1, { path: '/datasets', body: GOOD_RECORD });
    await stores(2, { path: '/datasets/batch', body: [GOOD_RECORD, GOOD_RECORD] });
  });

  test('X-Loguro-Dataset-Id selects the dataset when the path does not, and must agree with it otherwise', async () => {
    const headers = { 'X-Loguro-Dataset-Id': String(api.dataset.id) };
    await stores(1, { path: '/datasets', body: GOOD_RECORD, headers });
    await stores(1, { path: '/datasets/batch', body: [GOOD_RECORD], headers });
    await stores(1, { path: path(), body: GOOD_RECORD, headers });
    const conflict = await api.send({ path: path(), body: GOOD_RECORD, headers: { 'X-Loguro-Dataset-Id': '999999' } });
    expect([conflict.status, conflict.body.code]).toEqual([400, 'dataset_id_conflict']);
    for (const value of ['abc', '0', '-1', '1.5', '', '13, 13', '99999999999']) {
      const answer = await api.send({
        path: '/datasets',
        body: GOOD_RECORD,
        headers: { 'X-Loguro-Dataset-Id': value },
      });
      expect([value, answer.status, answer.body.code]).toEqual([value, 400, 'invalid_request']);
    }
  });

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (text: string) => Buffer.from(text)],
  ] as const)('a body may be encoded as %s', async (encoding, encode) => {
    const headers = { 'Content-Encoding': encoding };
    await stores(1, { path: path(), body: new Uint8Array(encode(JSON.stringify(GOOD_RECORD))), headers });
    const lines = `${JSON.stringify(GOOD_RECORD)}\n`.repeat(2500);
    await stores(2500, {
      path: `${path()}/batch`,
      body: new Uint8Array(encode(lines)),
      headers: { ...headers, ...NDJSON },
    });
  });

  test('NDJSON takes blank lines, carriage returns and a last line without a newline', async () => {
    const record = JSON.stringify(GOOD_RECORD);
    await stores(3, { path: `${path()}/batch`, body: `${record}\r\n\n  \n${record}\n${record}`, headers: NDJSON });
  });

  test('a batch larger than one record may be is cut into its records and stored as a smaller one', async () => {
    const note = 'ü"\\[]{},'.repeat(20);
    const body = Array.from({ length: 3000 }, (_, i) => ({ ...GOOD_RECORD, context: { i, note }, amount: i }));
    await stores(3000, { path: `${path()}/batch`, body: JSON.stringify(body, null, 1) });
  });

  test.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/json;x=y'])(
    'Content-Type %s is read as JSON',
    async (type) => {
      await stores(1, { path: path(), body: GOOD_RECORD, headers: { 'Content-Type': type } });
    },
  );

  test('partial=true stores the good records and tells of the others', async () => {
    const body = [GOOD_RECORD, { ...GOOD_RECORD, amount: '12' }, GOOD_RECORD, 7];
    const answer = await stores(2, { path: `${path()}/batch?partial=true`, body });
    expect(answer.body).toMatchObject({ count: 2, rejected: 2 });
    expect(answer.body.details).toEqual([
      { index: 1, path: 'amount', message: 'must be a number, got the string "12"' },
      { index: 3, path: '', message: 'must be an object, got the number 7' },
    ]);
    const lines = body.map((record) => JSON.stringify(record)).join('\n');
    const ndjson = await stores(2, {
      path: `${path()}/batch?partial=true`,
      body: `${lines}\n{"timestamp":`,
      headers: NDJSON,
    });
    expect(ndjson.body.details?.at(-1)).toMatchObject({ index: 4, message: expect.stringMatching(/^is not JSON: /) });
  });

  test('partial=true is no success when no record was good', async () => {
    const answer = await api.send({ path: `${path()}/batch?partial=true`, body: [{}, 1] });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_record']);
  });

  test('dry_run=true checks everything and stores nothing', async () => {
    const before = await api.dataset.count();
    const batch = await api.send({ path: `${path()}/batch?dry_run=true`, body: [GOOD_RECORD, {}, GOOD_RECORD] });
    expect(batch.status).toBe(200);
    expect(batch.body).toMatchObject({ valid: 2, invalid: 1 });
    expect(batch.body.details?.[0]).toMatchObject({ index: 1, path: 'timestamp' });
    const one = await api.send({ path: `${path()}?dry_run=true`, body: GOOD_RECORD });
    expect([one.status, one.body]).toEqual([200, { valid: 1, invalid: 0, details: [] }]);
    const bad = await api.send({ path: `${path()}?dry_run=true`, body: { ...GOOD_RECORD, contry: 'RO' } });
    expect(bad.body).toMatchObject({ valid: 0, invalid: 1, details: [{ path: 'contry' }] });
    await stores(1, { path: path(), body: GOOD_RECORD });
    expect(await api.dataset.count()).toBe(before + 1);
  });

  test('an Idempotency-Key that is past its day is taken over by a new chunk', async () => {
    const request = { path: `${path()}`, body: GOOD_RECORD, headers: { 'Idempotency-Key': 'old' } };
    const first = await stores(1, request);
    await stores(0, request);
    await api.bench.owner.query("UPDATE ingest.idempotency_keys SET created_at = now() - interval '25 hours'");
    const second = await stores(1, request);
    expect(second.body.receipt).not.toBe(first.body.receipt);
  });

  test('an Idempotency-Key belongs to its dataset alone', async () => {
    const other = await api.addDataset();
    const { project } = api.dataset;
    await api.bench.owner.query("UPDATE datasets SET project_id = $1, slug = 'e' WHERE id = $2", [project, other.id]);
    const headers = { 'Idempotency-Key': 'shared' };
    const a = await api.send({ path: path(), body: GOOD_RECORD, headers });
    const b = await api.send({
      path: `/datasets/${other.id}`,
      body: { ...GOOD_RECORD, country: 'X' },
      headers,
    });
    expect([a.status, b.status]).toEqual([202, 202]);
    expect(a.body.receipt).not.toBe(b.body.receipt);
  });
});
