import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LoguroError } from '../errors.js';
import { type BufferOptions, type Loss, RecordBuffer } from './buffer.js';
import type { Accepted } from './ingest-api.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A buffer whose deliveries are answered by hand. */
function bufferWith(options: BufferOptions = {}) {
  const batches: {
    lines: readonly string[];
    accept: (answer?: Partial<Accepted>) => void;
    refuse: (error: Error) => void;
  }[] = [];
  const losses: Loss[] = [];
  const buffer = new RecordBuffer(
    {
      maxBatchRecords: 3,
      maxBatchBytes: 1000,
      maxDelayMs: 100,
      maxInFlight: 1,
      maxPendingBytes: 10_000,
      retryForMs: 0,
      ...options,
    },
    {
      deliver: (lines) =>
        new Promise((resolve, reject) => {
          const all: Accepted = { status: 'queued', receipt: '', count: lines.length, rejected: 0, details: [] };
          batches.push({ lines, accept: (answer) => resolve({ ...all, ...answer }), refuse: reject });
        }),
      onLoss: (loss) => losses.push(loss),
    },
  );
  return { buffer, batches, losses };
}

const settle = () => jest.advanceTimersByTimeAsync(0);
const balanced = ({ stats }: RecordBuffer) => stats.written === stats.accepted + stats.lost + stats.pending;

test('a batch leaves when it has its number of records', () => {
  const { buffer, batches } = bufferWith();
  buffer.add('1');
  buffer.add('2');
  expect(batches).toHaveLength(0);
  buffer.add('3');
  expect(batches[0]?.lines).toEqual(['1', '2', '3']);
});

test('a batch leaves before it would grow over its bytes, counted in UTF-8', () => {
  const { buffer, batches } = bufferWith({ maxBatchBytes: 10, maxBatchRecords: 100 });
  buffer.add('"ää"');
  buffer.add('"1"');
  expect(batches[0]?.lines).toEqual(['"ää"']);
  const large = bufferWith({ maxBatchBytes: 10 });
  large.buffer.add('"a record over the whole batch"');
  expect(large.batches[0]?.lines).toHaveLength(1);
});

test('a lone record leaves when it has waited long enough', async () => {
  const { buffer, batches } = bufferWith();
  buffer.add('1');
  await jest.advanceTimersByTimeAsync(99);
  expect(batches).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(1);
  expect(batches[0]?.lines).toEqual(['1']);
});

test('while the server is slow, what is due goes on gathering and leaves as one', async () => {
  const { buffer, batches } = bufferWith({ maxBatchRecords: 100 });
  buffer.add('1');
  await jest.advanceTimersByTimeAsync(100);
  for (const line of ['2', '3', '4']) {
    buffer.add(line);
    await jest.advanceTimersByTimeAsync(200);
  }
  expect(batches).toHaveLength(1);
  batches[0]?.accept();
  await settle();
  expect(batches[1]?.lines).toEqual(['2', '3', '4']);
});

test('no more batches are in flight than allowed', async () => {
  const { buffer, batches } = bufferWith({ maxBatchRecords: 1, maxInFlight: 2 });
  for (const line of ['1', '2', '3', '4']) buffer.add(line);
  expect(batches).toHaveLength(2);
  batches[1]?.accept();
  await settle();
  expect(batches.map(({ lines }) => lines)).toEqual([['1'], ['2'], ['3']]);
});

test('flush sends at once and waits for everything added before, and for nothing added after', async () => {
  const { buffer, batches } = bufferWith({ maxInFlight: 2 });
  buffer.add('1');
  let flushed = false;
  const flush = buffer.flush().then(() => {
    flushed = true;
  });
  expect(batches[0]?.lines).toEqual(['1']);
  buffer.add('2');
  await jest.advanceTimersByTimeAsync(100);
  expect(flushed).toBe(false);
  batches[0]?.accept();
  await flush;
  expect(buffer.stats.pending).toBe(1);
});

test('above half of its bound the buffer asks to wait, until it is at half again', async () => {
  const { buffer, batches } = bufferWith({ maxPendingBytes: 40, maxBatchRecords: 2, maxInFlight: 1 });
  const record = '"123456"';
  expect(buffer.add(record)).toBeUndefined();
  expect(buffer.add(record)).toBeUndefined();
  const room = buffer.add(record);
  expect(room).toBeInstanceOf(Promise);
  let resolved = false;
  void room?.then(() => {
    resolved = true;
  });
  await settle();
  expect(resolved).toBe(false);
  batches[0]?.accept();
  await settle();
  expect(resolved).toBe(true);
});

test('above its bound a record is lost and reported; memory stays bounded', async () => {
  const { buffer, batches, losses } = bufferWith({ maxPendingBytes: 40, maxBatchRecords: 2 });
  for (let i = 0; i < 1000; i++) buffer.add('"123456"');
  await settle();
  expect(buffer.stats.pendingBytes).toBeLessThanOrEqual(40);
  expect(buffer.stats).toMatchObject({ written: 1000, pending: 4, lost: 996 });
  expect(losses).toHaveLength(996);
  expect(losses[0]).toMatchObject({ count: 1, error: { code: 'buffer_full' }, records: ['123456'] });
  batches[0]?.accept();
  await settle();
  batches[1]?.accept();
  await expect(buffer.flush()).rejects.toMatchObject({ code: 'records_lost' });
  expect(buffer.stats).toMatchObject({ accepted: 4, pending: 0, pendingBytes: 0 });
});

test('a record larger than the whole bound is lost, and nobody waits for room that never comes', async () => {
  const { buffer, losses } = bufferWith({ maxPendingBytes: 10 });
  expect(buffer.add('"a record larger than the bound"')).toBeUndefined();
  await settle();
  expect(losses).toHaveLength(1);
});

test('whoever waits for room does not wait for a batch to fill up', async () => {
  const { buffer, batches } = bufferWith({ maxPendingBytes: 20, maxBatchRecords: 100, maxDelayMs: 60_000 });
  expect(buffer.add('"0123456789"')).toBeInstanceOf(Promise);
  expect(batches).toHaveLength(1);
});

test('records of a refused batch are reported with their reason, and the next flush fails, once', async () => {
  const { buffer, batches, losses } = bufferWith();
  for (const line of ['{"n":1}', '{"n":2}', '{"n":3}']) buffer.add(line);
  const error = new LoguroError('revoked_credential', 'The key was revoked.', { status: 401 });
  batches[0]?.refuse(error);
  await settle();
  expect(losses).toHaveLength(1);
  expect(losses[0]).toMatchObject({ count: 3, error, records: [{ n: 1 }, { n: 2 }, { n: 3 }] });
  await expect(buffer.flush()).rejects.toMatchObject({
    code: 'records_lost',
    message: 'Records not accepted: 3. The key was revoked.',
    cause: error,
  });
  await expect(buffer.flush()).resolves.toBeUndefined();
});

test('of a batch accepted in part, the refused records are reported and the others counted', async () => {
  const { buffer, batches, losses } = bufferWith();
  for (const line of ['{"n":1}', '{"n":2}', '{"n":3}']) buffer.add(line);
  const details = [{ index: 1, path: 'n', message: 'is too good' }];
  batches[0]?.accept({ count: 2, rejected: 1, details });
  await settle();
  expect(losses[0]).toMatchObject({ count: 1, error: { code: 'invalid_record', details }, records: [{ n: 2 }] });
  expect(buffer.stats).toMatchObject({ written: 3, accepted: 2, lost: 1, pending: 0 });
});

test('a batch over the limit of the server is halved until it fits; flush waits for the parts', async () => {
  const { buffer, batches, losses } = bufferWith({ maxBatchRecords: 4 });
  for (const line of ['1', '2', '3', '4']) buffer.add(line);
  const tooLarge = new LoguroError('payload_too_large', 'Too large', { status: 413 });
  let flushed: unknown;
  const flush = buffer.flush().catch((error: unknown) => {
    flushed = error;
  });
  batches[0]?.refuse(tooLarge);
  await settle();
  batches[1]?.accept();
  await settle();
  expect(batches[2]?.lines).toEqual(['3', '4']);
  batches[2]?.refuse(tooLarge);
  await settle();
  batches[3]?.accept();
  await settle();
  expect(flushed).toBeUndefined();
  batches[4]?.refuse(tooLarge);
  await flush;
  expect(batches.map(({ lines }) => lines.join())).toEqual(['1,2,3,4', '1,2', '3,4', '3', '4']);
  expect(losses).toMatchObject([{ count: 1, records: [4] }]);
  expect(buffer.stats).toMatchObject({ written: 4, accepted: 3, lost: 1, pending: 0, pendingBytes: 0 });
});

test('whatever happens, written = accepted + lost + pending', async () => {
  const { buffer, batches } = bufferWith({ maxPendingBytes: 60, maxInFlight: 3 });
  for (let i = 0; i < 200; i++) {
    buffer.add('"12345"');
    expect(balanced(buffer)).toBe(true);
    const next = batches.shift();
    if (i % 3 === 0) next?.refuse(new LoguroError('internal', 'Broken', { status: 500 }));
    else next?.accept();
    await settle();
    expect(balanced(buffer)).toBe(true);
  }
});
