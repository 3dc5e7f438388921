import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { forwardTo, type ServerForwarder } from '@loguro/testing';
import type { Query } from '@loguro/types';
import type { Pool } from 'pg';
import { createArrivalFeed } from '../tail/arrival-feed.js';
import { createTailService, type TailService } from '../tail/tail-service.js';
import { createQueryPool } from './query-pool.js';
import { createQueryService, type QueryService, type QueryTarget } from './query-service.js';
import { createQueryFixture } from './testing/record-fixture.js';

const never = new AbortController().signal;
const statementTimeoutMs = 500;
const raw: Query = { select: [{ field: 'n' }] };
const manySorts: Query = {
  select: Array.from({ length: 9 }, (_, i) => ({ aggregate: 'count_distinct', field: `n${i}` })),
};

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
let network: ServerForwarder;
let pool: Pool;
let queries: QueryService;
let tails: TailService;
let feedPool: Pool;
let feedFailed: () => void = () => undefined;
let feed: ReturnType<typeof createArrivalFeed>;
beforeAll(async () => {
  fixture = await createQueryFixture();
  network = await forwardTo(fixture.database.queryUrl);
  const over = { url: network.url, poolSize: 1, connectTimeoutMs: 5000, statementTimeoutMs };
  pool = createQueryPool(over);
  feedPool = createQueryPool(over);
  queries = createQueryService({ pool, statementTimeoutMs });
  feed = createArrivalFeed({ pool: feedPool, statementTimeoutMs, intervalMs: 20, onFailure: () => feedFailed() });
  tails = createTailService({ pool, feed, statementTimeoutMs, paceMs: 0 });
});
afterAll(async () => {
  feed.close();
  await queries.close();
  await tails.close();
  await Promise.all([pool.end(), feedPool.end()]);
  await network.close();
  await fixture.close();
});

const dataset = () =>
  fixture.dataset(
    Object.fromEntries(['n', ...Array.from({ length: 9 }, (_, i) => `n${i}`)].map((n) => [n, 'number?'])),
  );

async function streamed(target: QueryTarget): Promise<string> {
  const { chunks } = await queries.stream(target, raw, 'text/csv', never);
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

test.each<[string, (target: QueryTarget) => Promise<unknown>]>([
  ['a page of records', (target) => queries.run(target, raw, never)],
  ['a query with many sorts', (target) => queries.run(target, manySorts, never)],
  ['an explanation', (target) => queries.explain(target, {}, never)],
  ['a stream', streamed],
  ['a tail', (target) => tails.tail(target, {}, never)],
])(
  'when the database falls silent, %s is a 503 soon, and the next one gets another connection',
  async (_, ask) => {
    await ask(await dataset());
    network.freeze();
    const started = performance.now();
    const target = await dataset();
    await expect(ask(target)).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    // Once the statement's own time and ours.
    expect(performance.now() - started).toBeLessThan(6500);
    await ask(target);
  },
  30_000,
);

test('when the database falls silent, tails are woken again over another connection', async () => {
  const target = await dataset();
  const { cursor } = JSON.parse(await tails.tail(target, {}, never));
  const failed = new Promise<void>((resolve) => {
    feedFailed = resolve;
  });
  const watch = feed.watch(target.id);
  await watch.next();
  network.freeze();
  await failed;
  await watch.next();
  watch.close();
  expect(cursor).toEqual(expect.any(String));
}, 30_000);
