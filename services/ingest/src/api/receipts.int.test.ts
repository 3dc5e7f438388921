import { afterEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { replayDeadLetters } from '../admin/dead-letters.js';
import { DatabaseLane } from '../ledger/database-lane.js';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { receiptOf } from '../records/receipt-id.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
afterEach(() => api.close());

const read = (receipt: unknown, search = '', headers: Record<string, string> = {}, dataset = api.dataset.id) =>
  api.send({ method: 'GET', path: `/datasets/${dataset}/receipts/${receipt}${search}`, headers });

const post = async (count = 2, headers: Record<string, string> = {}) => {
  const body = Array.from({ length: count }, () => GOOD_RECORD);
  const answer = await api.send({ path: `/datasets/${api.dataset.id}/batch`, body, headers });
  expect(answer.status).toBe(202);
  return String(answer.body.receipt);
};

test('a receipt is queued until its records are stored, and then says when and how many', async () => {
  api = await startTestApi();
  const receipt = await post();
  const queued = await read(receipt);
  expect([queued.status, queued.body]).toEqual([200, { receipt, status: 'queued' }]);
  expect(queued.headers.get('cache-control')).toBe('no-store');
  const waiting = read(receipt, '?wait=stored');
  await waitFor(async () => /receipt_waiters 1/.test(await api.registry.metrics()), { what: 'someone to wait' });
  await api.bench.startWorker();
  const { status, body } = await waiting;
  expect([status, body]).toEqual([200, { receipt, status: 'stored', storedAt: expect.any(String), records: 2 }]);
  expect(await api.dataset.count()).toBe(2);
  expect(Math.abs(Date.parse(String(body.storedAt)) - Date.now())).toBeLessThan(10_000);
  expect((await read(receipt.toUpperCase())).body).toEqual(body);
});

test('a wait ends with 202 when the time is up: the time that Prefer asks for, or the stated maximum', async () => {
  api = await startTestApi();
  const started = performance.now();
  const receipt = await post();
  const asked = await read(receipt, '', { Prefer: 'respond-async, wait=1' });
  expect([asked.status, asked.body.status]).toEqual([202, 'queued']);
  expect(performance.now() - started).toBeLessThan(5000);
  const sent = await api.send({
    path: `/datasets/${api.dataset.id}`,
    body: GOOD_RECORD,
    headers: { Prefer: 'wait="1"' },
  });
  expect([sent.status, sent.body.status]).toEqual([202, 'queued']);
  const longest = performance.now();
  expect((await read(receipt, '?wait=stored', { Prefer: 'wait=99999' })).status).toBe(202);
  expect(performance.now() - longest).toBeLessThan(14_000);
});

test('many who wait share the looks at the ledger', async () => {
  api = await startTestApi();
  const receipts = await Promise.all(Array.from({ length: 40 }, (_, i) => post(1, { 'Idempotency-Key': String(i) })));
  const waiting = receipts.map((receipt) => read(receipt, '?wait=stored'));
  await api.bench.startWorker();
  for (const answer of await Promise.all(waiting)) expect(answer.body).toMatchObject({ status: 'stored', records: 1 });
});

test('records that the database refuses are dead, with a reason that quotes nothing', async () => {
  api = await startTestApi();
  await api.bench.owner.query(`ALTER TABLE records.dataset_${api.dataset.id} ADD CHECK (country <> 'XX')`);
  await api.bench.startWorker();
  const dead = await api.send({
    path: `/datasets/${api.dataset.id}?wait=stored`,
    body: { ...GOOD_RECORD, country: 'XX' },
    headers: { 'Idempotency-Key': 'dead' },
  });
  expect([dead.status, dead.body.status]).toEqual([202, 'queued']);
  const reasons = ['1 refused by the database with SQLSTATE 23514'];
  const receipt = dead.body.receipt;
  expect((await read(receipt)).body).toEqual({ receipt, status: 'dead', dead: 1, reasons });
  const body = [GOOD_RECORD, { ...GOOD_RECORD, country: 'XX' }];
  const half = await api.send({ path: `/datasets/${api.dataset.id}/batch?wait=stored`, body });
  expect([half.status, half.body.status]).toEqual([202, 'queued']);
  expect((await read(half.body.receipt)).body).toMatchObject({ status: 'stored', records: 1, dead: 1, reasons });
});

test('records that an operator stored from the dead letters are stored', async () => {
  api = await startTestApi();
  const table = `records.dataset_${api.dataset.id}`;
  await api.bench.owner.query(`ALTER TABLE ${table} ADD CONSTRAINT c CHECK (country <> 'XX')`);
  await api.bench.startWorker();
  const body = [GOOD_RECORD, { ...GOOD_RECORD, country: 'XX' }];
  const { receipt } = (await api.send({ path: `/datasets/${api.dataset.id}/batch?wait=stored`, body })).body;
  await api.bench.owner.query(`ALTER TABLE ${table} DROP CONSTRAINT c`);
  const lane = new DatabaseLane({ url: api.bench.database.ownerUrl, statementTimeoutMs: 5000, lockTimeoutMs: 5000 });
  expect(await replayDeadLetters(lane, { dryRun: false })).toEqual({ stored: 1, refused: 0 });
  await lane.close();
  const answer = (await read(receipt)).body;
  expect(answer).toEqual({ receipt, status: 'stored', storedAt: expect.any(String), records: 2 });
});

describe('there is no receipt', () => {
  test('that was never given, is mistyped, belongs to another dataset, is from the future or too old', async () => {
    api = await startTestApi();
    const { id } = api.dataset;
    const good = receiptOf(timeOrderedId(), id);
    const other = await api.addDataset();
    await api.bench.owner.query("UPDATE datasets SET project_id = $1, slug = 'o' WHERE id = $2", [
      api.dataset.project,
      other.id,
    ]);
    const day = 24 * 60 * 60 * 1000;
    const unknown = [
      'x',
      '%00',
      '00000000-0000-0000-0000-000000000000',
      'd9428888-122b-41e1-b85c-61c3e2f7a1b0',
      good.slice(0, -9),
      good.slice(0, -1) + (good.endsWith('0') ? '1' : '0'),
      receiptOf(timeOrderedId(Date.now() + day), id),
      receiptOf(timeOrderedId(Date.now() - 8 * day), id),
    ];
    for (const receipt of unknown) {
      const answer = await read(receipt);
      expect([receipt, answer.status, answer.body.code]).toEqual([receipt, 404, 'receipt_not_found']);
    }
    expect((await read(good, '', {}, other.id)).body.code).toBe('receipt_not_found');
    expect((await read(good)).body.status).toBe('queued');
  });

  test('of a dataset that the key has no access to', async () => {
    api = await startTestApi();
    await api.bench.startWorker();
    const { body } = await api.send({ path: `/datasets/${api.dataset.id}?wait=stored`, body: GOOD_RECORD });
    const other = await api.addDataset();
    const { token } = await api.addKey({ project: other.project });
    const path = (dataset: number) => `/datasets/${dataset}/receipts/${body.receipt}`;
    const mine = await api.send({ method: 'GET', path: path(api.dataset.id), key: token });
    expect([mine.status, mine.body.code]).toEqual([404, 'dataset_not_found']);
    expect((await api.send({ method: 'GET', path: path(other.id), key: token })).body.code).toBe('receipt_not_found');
  });
});
