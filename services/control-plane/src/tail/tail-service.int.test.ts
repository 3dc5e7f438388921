import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import type { Fields } from '@loguro/types';
import { recordTableName } from '../datasets/record-table.js';
import { createTailFixture, numbered, type TestWriter } from './testing/tail-fixture.js';

const fields: Fields = { n: 'number', name: 'string' };
const never = new AbortController().signal;
const onlyN = { select: [{ field: 'n' }] };
const numbers = (rows: readonly Record<string, unknown>[]) => rows.map(({ n }) => n as number).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

let fixture: Awaited<ReturnType<typeof createTailFixture>>;
let one: TestWriter;
let two: TestWriter;
beforeAll(async () => {
  fixture = await createTailFixture();
  one = await fixture.writer();
  two = await fixture.writer();
});
afterAll(() => fixture.close());

describe('what arrived', () => {
  test('is shown whatever its timestamp, and what was there before is not', async () => {
    const target = await fixture.dataset(fields);
    await one.store(target, numbered(3, 100));
    const cursor = await fixture.start(target);
    expect((await fixture.ask(target, { cursor })).rows).toEqual([]);
    await one.store(target, [
      { timestamp: '0001-01-01T00:00:00Z', n: 0, name: 'first' },
      { timestamp: '2026-06-01T10:00:00.123456Z', n: 1, name: 'June' },
      { timestamp: '9999-12-31T23:59:59Z', n: 2, name: 'last', context: { a: 1 } },
    ]);
    const answer = await fixture.ask(target, { cursor });
    expect(answer).toMatchObject({ rowCount: 3, more: false });
    expect(answer.rows).toEqual([
      { timestamp: '0001-01-01T00:00:00Z', n: 0, name: 'first', context: {} },
      { timestamp: '2026-06-01T10:00:00.123456Z', n: 1, name: 'June', context: {} },
      { timestamp: '9999-12-31T23:59:59Z', n: 2, name: 'last', context: { a: 1 } },
    ]);
    expect(answer.columns.map(({ name }) => name).sort()).toEqual(['context', 'n', 'name', 'timestamp']);
    expect((await fixture.ask(target, { cursor: answer.cursor })).rows).toEqual([]);
  });

  test('is filtered and selected as in a query, and faults are told with their places', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    await one.store(target, numbered(10, 0));
    const where = [{ field: 'n', op: '>=' as const, value: 7 }];
    const answer = await fixture.ask(target, { cursor, where, select: [{ field: 'n', as: 'number' }] });
    expect(answer.rows).toEqual([{ number: 7 }, { number: 8 }, { number: 9 }]);
    const wrong = { select: [{ field: 'nam' }], where: [{ field: 'name', op: '>' as const, value: 1 }] };
    await expect(fixture.ask(target, wrong)).rejects.toMatchObject({
      code: 'invalid_query',
      details: [{ path: 'select[0].field' }, { path: 'where[0].value' }],
    });
  });

  test('is told by when it was committed, not by when it began', async () => {
    const target = await fixture.dataset(fields);
    await one.begin(target, numbered(2, 0));
    const before = await fixture.start(target);
    await two.store(target, numbered(2, 2));
    const first = await fixture.ask(target, { ...onlyN, cursor: before });
    expect(numbers(first.rows)).toEqual([2, 3]);
    expect((await fixture.ask(target, { ...onlyN, cursor: first.cursor })).rows).toEqual([]);
    await one.commit();
    const second = await fixture.ask(target, { ...onlyN, cursor: first.cursor });
    expect(numbers(second.rows)).toEqual([0, 1]);
    expect(numbers((await fixture.ask(target, { ...onlyN, cursor: before })).rows)).toEqual([0, 1, 2, 3]);
  });

  test('comes in pages when it is much, with what arrives meanwhile behind it', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    for (let i = 0; i < 5; i++) await (i % 2 ? one : two).store(target, numbered(1000, i * 1000));
    const first = await fixture.ask(target, { ...onlyN, cursor, limit: 700 });
    expect(first).toMatchObject({ rowCount: 700, more: true });
    await one.store(target, numbered(300, 5000));
    const rest = await fixture.drain(target, first.cursor, { ...onlyN, limit: 700 });
    expect(numbers([...first.rows, ...rest.rows])).toEqual(upTo(5300));
    expect(numbers(rest.rows.slice(-300))).toEqual(numbers(numbered(300, 5000)));
  });

  test('comes in pages when it is large', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    const large = numbered(100, 0).map((record) => ({ ...record, name: 'x'.repeat(200_000) }));
    await one.store(target, large);
    const first = await fixture.ask(target, { cursor });
    expect(first.more).toBe(true);
    expect(JSON.stringify(first).length).toBeLessThan(8 * 1024 * 1024);
    const all = await fixture.drain(target, cursor);
    expect(all.pages).toBeGreaterThan(3);
    expect(numbers(all.rows)).toEqual(upTo(100));
  });

  test('comes in small pages when large records are behind small ones', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    const mixed = numbered(400, 0).map((record, i) => ({ ...record, name: 'x'.repeat(i < 32 ? 1 : 250_000) }));
    await one.store(target, mixed);
    const select = [{ field: 'n' }, { field: 'name' }];
    const first = await fixture.ask(target, { cursor, select });
    expect(JSON.stringify(first).length).toBeLessThan(13 * 1024 * 1024);
    const names = Array.from({ length: 32 }, (_, i) => ({ field: 'name', as: `name${i}` }));
    const wide = await fixture.ask(target, { cursor, select: names });
    expect(JSON.stringify(wide).length).toBeLessThan(13 * 1024 * 1024);
    expect(numbers((await fixture.drain(target, cursor, { select })).rows)).toEqual(upTo(400));
  });

  test('is all there and nothing twice while two write and another takes pages of it', async () => {
    const target = await fixture.dataset(fields);
    const start = await fixture.start(target);
    const chunks = 60;
    const size = 100;
    const write = async (writer: TestWriter, from: number) => {
      for (let i = from; i < chunks; i += 2) await writer.store(target, numbered(size, i * size));
    };
    const written = Promise.all([write(one, 0), write(two, 1)]);
    const rows: Record<string, unknown>[] = [];
    for (let cursor = start; rows.length < chunks * size; ) {
      const answer = await fixture.ask(target, { ...onlyN, cursor, limit: 170, wait: 5 });
      expect(answer.rowCount).toBeGreaterThan(0);
      rows.push(...answer.rows);
      cursor = answer.cursor;
    }
    await written;
    expect(numbers(rows)).toEqual(upTo(chunks * size));
  });
});

describe('records in the space of deleted ones', () => {
  test.each([
    ['of just now', () => new Date().toISOString()],
    ['of minutes ago', () => new Date(Date.now() - 60_000).toISOString()],
    ['of long ago', () => '2019-03-01T00:00:00Z'],
    ['of the future', () => '2090-03-01T00:00:00Z'],
  ])('are found, with a timestamp %s', async (_, timestamp) => {
    const target = await fixture.dataset(fields);
    const table = recordTableName(target.id);
    await fixture.owner.query(
      `INSERT INTO ${table} ("timestamp", "context", "__traceId", n, name)
       SELECT now() - i * interval '1 second', '{}', 't', i, repeat('x', 700) FROM generate_series(1, 5000) i`,
    );
    await fixture.owner.query(`DELETE FROM ${table} WHERE n BETWEEN 50 AND 900`);
    await fixture.owner.query(`VACUUM (TRUNCATE off) ${table}`);
    const cursor = await fixture.start(target);
    await one.store(target, numbered(40, 0, timestamp()));
    const { rows } = await fixture.owner.query<{ block: number }>(
      `SELECT max((ctid::text::point)[0])::int AS block FROM ${table} WHERE n < 40 AND name LIKE 'name %'`,
    );
    // Otherwise this proves nothing.
    expect(rows[0]?.block).toBeLessThan(200);
    await one.store(target, numbered(2, 40, timestamp()));
    const all = await fixture.drain(target, cursor, { ...onlyN, limit: 9 });
    expect(numbers(all.rows)).toEqual(upTo(42));
    expect(numbers((await fixture.drain(target, cursor, { where: [{ field: 'n', op: '<', value: 5 }] })).rows)).toEqual(
      upTo(5),
    );
  });

  test('which were themselves deleted before they were read are not waited for', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    await one.store(target, numbered(10, 0));
    await fixture.owner.query(`DELETE FROM ${recordTableName(target.id)} WHERE n < 9`);
    expect(await fixture.ask(target, { ...onlyN, cursor })).toMatchObject({ rows: [{ n: 9 }], more: false });
  });
});

describe('a cursor', () => {
  test('of a table that was rewritten has expired', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    await fixture.owner.query(`VACUUM FULL ${recordTableName(target.id)}`);
    await expect(fixture.ask(target, { cursor })).rejects.toMatchObject({ code: 'cursor_expired', status: 410 });
  });

  test('of a day ago, or from another database, has expired', async () => {
    const target = await fixture.dataset(fields);
    const parts = JSON.parse(Buffer.from(await fixture.start(target), 'base64url').toString()) as unknown[];
    const changed = (change: (parts: unknown[]) => void) => {
      const copy = [...parts];
      change(copy);
      return Buffer.from(JSON.stringify(copy)).toString('base64url');
    };
    const day = 24 * 60 * 60 * 1000;
    const old = changed((copy) => {
      for (const i of [4, 5]) copy[i] = (copy[i] as number) - day;
    });
    const foreign = changed((copy) => {
      copy[3] = '900000000000:900000000000:';
    });
    for (const cursor of [old, foreign]) {
      await expect(fixture.ask(target, { cursor })).rejects.toMatchObject({ code: 'cursor_expired' });
    }
  });

  test('of another dataset is refused, and so is whatever else is not ours', async () => {
    const target = await fixture.dataset(fields);
    const other = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    await expect(fixture.ask(other, { cursor })).rejects.toMatchObject({
      code: 'invalid_query',
      details: [{ path: 'cursor', message: 'belongs to another dataset' }],
    });
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const values = [-1, 1.5, 2 ** 60, 1e300, null, '', 'x', '5:4:', '1:9:8,7', '(1,1)', [], {}, "';--", '99:98:97'];
    const bad = parts.flatMap((_, i) => values.map((value) => parts.with(i, value)));
    bad.push([], [...parts, ...parts], [...parts, '1:1:', 1, 1, 1, 9, 9, '', 9], parts.slice(1));
    const words = bad.map((candidate) => Buffer.from(JSON.stringify(candidate)).toString('base64url'));
    for (const word of ['x', '!', 'e30', ...words]) {
      const answer = await fixture.ask(target, { cursor: word }).catch((error: { code: string }) => error.code);
      if (typeof answer === 'string') expect(answer).toMatch(/^(invalid_query|cursor_expired)$/);
      else expect(answer.rows).toEqual([]);
    }
  });

  test('of a dataset that was deleted meanwhile finds no dataset', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    await fixture.owner.query(`DROP TABLE ${recordTableName(target.id)}`);
    await expect(fixture.ask(target, { cursor })).rejects.toMatchObject({ code: 'dataset_not_found' });
  });
});

describe('who waits', () => {
  test('is answered as soon as something arrives, and holds no connection until then', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    const answers = upTo(20).map(() => fixture.ask(target, { ...onlyN, cursor, wait: 20 }));
    await waitFor(() => fixture.pool.idleCount === fixture.pool.totalCount, { timeoutMs: 5000, what: 'reads to end' });
    const started = performance.now();
    await one.store(target, numbered(1, 0));
    for (const answer of await Promise.all(answers)) expect(answer.rows).toEqual([{ n: 0 }]);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('is not answered for what the conditions leave out, and gets an empty answer in the end', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    const where = [{ field: 'n', op: '=' as const, value: 7 }];
    const waiting = fixture.ask(target, { ...onlyN, cursor, where, wait: 1 });
    await one.store(target, numbered(3, 0));
    const answer = await waiting;
    expect(answer).toMatchObject({ rows: [], more: false });
    expect(answer.cursor).not.toBe(cursor);
  });

  test('leaves nothing behind when the client goes away', async () => {
    const target = await fixture.dataset(fields);
    const cursor = await fixture.start(target);
    const client = new AbortController();
    const answer = fixture.service.tail(target, { cursor, wait: 20 }, client.signal);
    client.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    await expect(fixture.service.tail(target, { cursor }, client.signal)).rejects.toThrow('gone');
  });

  test('is one of so many of a project and no more', async () => {
    const target = { ...(await fixture.dataset(fields)), projectId: 77 };
    const cursor = await fixture.start(target);
    const client = new AbortController();
    const waiting = upTo(50).map(() =>
      fixture.service.tail(target, { cursor, wait: 20 }, client.signal).catch((error: Error) => error.message),
    );
    await expect(fixture.ask(target, { cursor })).rejects.toMatchObject({ code: 'too_many_queries', status: 429 });
    const other = { ...target, projectId: 78 };
    expect((await fixture.service.tail(other, { cursor }, never)).rows).toEqual([]);
    client.abort(new Error('gone'));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['gone']));
    expect((await fixture.ask(target, { cursor })).rows).toEqual([]);
  });

  test('is answered at once when the service stops', async () => {
    const stopping = await createTailFixture();
    try {
      const target = await stopping.dataset(fields);
      const cursor = await stopping.start(target);
      const answers = [1, 2, 3].map(() => stopping.ask(target, { cursor, wait: 25 }));
      await waitFor(() => stopping.pool.totalCount > 0 && stopping.pool.idleCount === stopping.pool.totalCount, {
        timeoutMs: 5000,
        what: 'reads to end',
      });
      const started = performance.now();
      stopping.service.stopWaiting();
      for (const answer of await Promise.all(answers)) expect(answer.rows).toEqual([]);
      expect((await stopping.ask(target, { cursor, wait: 25 })).rows).toEqual([]);
      expect(performance.now() - started).toBeLessThan(5000);
    } finally {
      await stopping.close();
    }
  });
});
