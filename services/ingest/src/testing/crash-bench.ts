import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import {
  freePort,
  type PrivatePostgres,
  type PrivateRedis,
  startPostgres,
  startRedis,
  type TestDatabase,
  waitFor,
} from '@loguro/testing';
import pg from 'pg';
import { type Books, readBooks } from '../admin/books.js';
import { DatabaseLane } from '../ledger/database-lane.js';
import { QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { openQueueStore } from '../queue/open-queue-store.js';
import { type Backend, silent } from './backends.js';
import { Cleanup } from './cleanup.js';
import { createDataset, type TestDataset } from './dataset.js';
import { LoadClient, outcomeOf } from './load-client.js';
import { type BooksReading, booksFaults, readCounters } from './metric-books.js';
import { assertBuilt, type ServiceProcess, startService } from './process.js';
import { between, SEED } from './random.js';
import { addSigningKey, insertKey } from './test-api.js';

/** Kills per victim; more with `LOGURO_CRASH_ROUNDS`. */
export const ROUNDS = Number(process.env.LOGURO_CRASH_ROUNDS ?? 2);

/** Servers and processes of one crash test's own, under load from a client that keeps its own account. */
export interface CrashBench {
  postgres: PrivatePostgres;
  redis: PrivateRedis | undefined;
  database: TestDatabase;
  apis: ServiceProcess[];
  workers: ServiceProcess[];
  datasets: TestDataset[];
  client: LoadClient;
  owner: pg.Pool;
  /**
   * Runs with load before, during and after `disturb`; several rounds. Then each time ends the load, waits until nothing
   * is pending, compares the client's account with the tables, and looks whether the books balance.
   */
  rounds(disturb: (round: number) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Short enough that a test sees jobs being taken over, in milliseconds. */
const FAST_RECOVERY = {
  LOGURO_WORKER_LOCK_MS: '1500',
  LOGURO_WORKER_STALLED_INTERVAL_MS: '500',
  LOGURO_WORKER_STATEMENT_TIMEOUT_MS: '5000',
};

/** Starts everything: private servers, two built APIs and two workers, two datasets of two projects. */
export async function createCrashBench(backend: Backend): Promise<CrashBench> {
  assertBuilt();
  console.log(`LOGURO_TEST_SEED=${SEED}`);
  const cleanup = new Cleanup();
  try {
    return await build(backend, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function build(backend: Backend, cleanup: Cleanup): Promise<CrashBench> {
  const postgres = await startPostgres();
  cleanup.defer(() => postgres.stop());
  // What a kill must not lose has to be in the file before it is acknowledged.
  const redis = backend === 'redis' ? await startRedis({ appendfsync: 'always' }) : undefined;
  cleanup.defer(() => redis?.stop());
  const database = await postgres.createDatabase();
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  owner.on('error', () => undefined);
  cleanup.defer(() => owner.end());
  const datasets = [await createDataset(owner), await createDataset(owner)];
  const signingKey = await addSigningKey(owner);
  const targets = [];
  for (const { id, project } of datasets) {
    targets.push({ dataset: id, key: (await insertKey(owner, signingKey, { project })).token });
  }
  const queueUrl = redis?.url ?? database.ingestUrl;
  const urls = { LOGURO_DATABASE_URL: database.ingestUrl, LOGURO_QUEUE_URL: queueUrl };
  const ports: number[] = [];
  const apis: ServiceProcess[] = [];
  const workers: ServiceProcess[] = [];
  for (let count = 0; count < 2; count += 1) {
    const port = await freePort();
    ports.push(port);
    const api = await startService('api/main.js', { ...urls, LOGURO_PORT: String(port), LOGURO_DRAIN_MS: '0' });
    cleanup.defer(() => api.stop());
    apis.push(api);
    const worker = await startService('worker/main.js', { ...urls, ...FAST_RECOVERY });
    cleanup.defer(() => worker.stop());
    workers.push(worker);
  }
  const client = new LoadClient({ ports, targets, clients: 8, paceMs: 10 });
  cleanup.defer(() => client.close());
  const books = () => readBooksOf(database.ingestUrl, queueUrl);
  const reading = async (ledger: number): Promise<BooksReading> => {
    const counters = await readCounters(apis, workers);
    const told = (index: number) => client.told(ports[index] as number);
    return { ...counters, apis: counters.apis.map((api, index) => ({ ...api, told: told(index) })), ledger };
  };

  let last = await reading(0);

  async function round(disturb: () => Promise<void>): Promise<void> {
    const accepted = client.with('accepted').length;
    const before = last;
    client.start();
    await pause(between(150, 700));
    await disturb();
    await pause(between(50, 300));
    await client.pause();
    await waitFor(async () => pendingOf(await books()) === 0, { timeoutMs: 60_000, what: 'the queue to be empty' });
    const settled = await books();
    await compare(client, datasets, settled);
    const faults = async () => {
      last = await reading(settled.stored);
      return booksFaults(before, last);
    };
    // A worker that was frozen counts what it had in hand when it gets round to it.
    await waitFor(async () => (await faults()).length === 0, { what: 'the books to balance' }).catch(() => undefined);
    expect(await faults()).toEqual([]);
    expect(client.with('accepted').length).toBeGreaterThan(accepted);
  }

  return {
    postgres,
    redis,
    database,
    apis,
    workers,
    datasets,
    client,
    owner,
    async rounds(disturb) {
      for (let count = 0; count < ROUNDS; count += 1) await round(() => disturb(count));
    },
    close: () => cleanup.run(),
  };
}

async function readBooksOf(databaseUrl: string, queueUrl: string): Promise<Books> {
  const store = await openQueueStore({ ...QUEUE_DEFAULTS, url: queueUrl, redisPolicy: 'warn', logger: silent });
  const lane = new DatabaseLane({ url: databaseUrl, statementTimeoutMs: 10_000, lockTimeoutMs: 10_000 });
  try {
    return await readBooks(await lane.session(), store);
  } finally {
    await lane.close();
    await store.close();
  }
}

function pendingOf({ pending }: Books): number {
  return Object.values(pending).reduce((sum, records) => sum + records, 0);
}

/**
 * Every record that was promised is there once, however often it was sent; a batch of doubtful outcome is wholly there or
 * wholly not, and one of which nothing was accepted is not.
 */
async function compare(client: LoadClient, datasets: readonly TestDataset[], books: Books): Promise<void> {
  const faults: string[] = [];
  let present = 0;
  let total = 0;
  for (const dataset of datasets) {
    const marks = await dataset.values('country');
    const times = new Map<string, number>();
    for (const mark of marks) times.set(mark, (times.get(mark) ?? 0) + 1);
    for (const [mark, count] of times) if (count > 1) faults.push(`${mark} is stored ${count} times`);
    for (const batch of client.batches) {
      if (batch.dataset !== dataset.id) continue;
      const there = batch.marks.filter((mark) => times.has(mark)).length;
      present += there;
      const outcome = outcomeOf(batch);
      const right = there === batch.marks.length ? outcome !== 'refused' : there === 0 && outcome !== 'accepted';
      if (!right) faults.push(`of a batch that was ${outcome}, ${there} of ${batch.marks.length} records are stored`);
      if (batch.key !== null && batch.receipts.size > 1) faults.push('repeats of a batch were given several receipts');
    }
    total += marks.length;
  }
  expect([...faults, ...client.surprises]).toEqual([]);
  expect(total).toBe(present);
  expect(books).toMatchObject({ stored: total, dead: 0, discarded: 0, accounted: total });
}
