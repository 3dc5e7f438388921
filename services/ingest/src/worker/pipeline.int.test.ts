import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { BACKENDS, type Bench, createBench, metric } from '../testing/backends.js';
import { createDataset, testLine } from '../testing/dataset.js';

describe.each(BACKENDS)('from the queue to the table, over %s', (backend) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench(backend);
  });
  afterEach(() => bench.close());

  const ledger = async () => {
    const { rows } = await bench.owner.query<{
      id: string;
      dataset: number;
      records: number;
      dead: number;
      discarded: number;
    }>('SELECT chunk_id AS id, dataset_id AS dataset, records, dead, discarded FROM ingest.committed_chunks');
    return rows;
  };

  test('a record that was appended is stored, once, under the chunk the append named', async () => {
    const dataset = await createDataset(bench.owner);
    const queue = await bench.openQueue();
    await bench.startWorker();
    const chunkId = await queue.append({ dataset: dataset.id, lines: testLine('t-1'), count: 1 });
    await waitFor(async () => (await dataset.count()) === 1, { timeoutMs: 10_000, what: 'the record to be stored' });
    expect(await ledger()).toEqual([{ id: chunkId, dataset: dataset.id, records: 1, dead: 0, discarded: 0 }]);
    expect(await dataset.values('__traceId')).toEqual(['t-1']);
  });

  test('a chunk that is queued twice is stored once and counted as a duplicate', async () => {
    const dataset = await createDataset(bench.owner);
    const queue = await bench.openQueue();
    const { registry } = await bench.startWorker();
    const chunk = {
      id: timeOrderedId(),
      dataset: dataset.id,
      count: 2,
      at: Date.now(),
      lines: testLine('a') + testLine('b'),
    };
    await queue.appendChunk({ ...chunk });
    await queue.appendChunk({ ...chunk });
    await waitFor(async () => (await metric(registry, 'loguro_ingest_duplicate_records_total')) === 2, {
      timeoutMs: 10_000,
      what: 'the repeat to be noticed',
    });
    expect(await dataset.values('__traceId')).toEqual(['a', 'b']);
    expect(await metric(registry, 'loguro_ingest_stored_records_total')).toBe(2);
  });

  test('a record PostgreSQL refuses becomes a dead letter, its neighbours are stored', async () => {
    const good = await createDataset(bench.owner);
    const bad = await createDataset(bench.owner);
    const queue = await bench.openQueue();
    const lines = Array.from({ length: 50 }, (_, i) => testLine(`r-${i}`, i === 17 ? { amount: 'much' } : {}));
    const [, chunkId] = await Promise.all([
      queue.append({ dataset: good.id, lines: testLine('other'), count: 1 }),
      queue.append({ dataset: bad.id, lines: lines.join(''), count: 50 }),
    ]);
    const { registry } = await bench.startWorker();
    await waitFor(async () => (await bad.count()) === 49, { timeoutMs: 10_000, what: 'the neighbours to be stored' });
    await waitFor(async () => (await good.count()) === 1, { timeoutMs: 10_000, what: 'the other dataset' });
    const { rows } = await bench.owner.query(
      'SELECT chunk_id, dataset_id, line, sqlstate, reason FROM ingest.dead_letters',
    );
    expect(rows).toEqual([
      {
        chunk_id: chunkId,
        dataset_id: bad.id,
        line: lines[17],
        sqlstate: '22P02',
        reason: 'invalid input syntax for type double precision: "much"',
      },
    ]);
    expect(await ledger()).toContainEqual({ id: chunkId, dataset: bad.id, records: 49, dead: 1, discarded: 0 });
    expect(await metric(registry, 'loguro_ingest_dead_records_total')).toBe(1);
  });

  test('what waits for a deleted dataset is discarded and counted, the rest is stored', async () => {
    const [kept, gone] = [await createDataset(bench.owner), await createDataset(bench.owner)];
    const queue = await bench.openQueue();
    await Promise.all(
      [kept, gone].map(({ id }) => queue.append({ dataset: id, lines: testLine('x') + testLine('y'), count: 2 })),
    );
    await gone.remove();
    const { registry } = await bench.startWorker();
    await waitFor(async () => (await metric(registry, 'loguro_ingest_discarded_records_total')) === 2, {
      timeoutMs: 10_000,
      what: 'the records to be discarded',
    });
    await waitFor(async () => (await kept.count()) === 2, { timeoutMs: 10_000, what: 'the others to be stored' });
  });
});
