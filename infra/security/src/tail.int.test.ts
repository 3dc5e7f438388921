import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withClient } from '@loguro/servers';
import {
  AccountClient,
  DatasetIngestClient,
  DatasetQueryClient,
  defineDataset,
} from '../../../packages/datasets/src/index.js';
import { type Replicas, startReplicas } from './testing/replicas.js';

const RECORDS = 50_000;
const BATCH = 250;
/** A number that the database refuses, so that its chunk is taken apart. */
const REFUSED = 12_345;
const CHECK = 'no_such_number';

const numbers = defineDataset({ n: 'number' });

let replicas: Replicas;
let client: DatasetQueryClient;
let ingest: DatasetIngestClient<typeof numbers.fields>;
let dataset: number;
let table: string;

beforeAll(async () => {
  replicas = await startReplicas({ workers: 2, drainMs: 500 });
  const common = { baseUrl: replicas.gateway, retryForMs: 60_000 };
  const account = new AccountClient({ ...common, pat: replicas.pat, host: 'localhost' });
  client = new DatasetQueryClient({ ...common, pat: replicas.pat, host: 'localhost', project: 'local' });
  ({ id: dataset } = await client.datasets.ensure('Numbers', numbers));
  table = `records.dataset_${dataset}`;
  const { secret } = await account.keys('local').create({ name: 'load' });
  ingest = new DatasetIngestClient({
    ...common,
    projectKey: secret,
    host: 'ingest.localhost',
    dataset,
    definition: numbers,
  });
  await asOwner(`ALTER TABLE ${table} ADD CONSTRAINT ${CHECK} CHECK (n <> ${REFUSED})`);
}, 120_000);
afterAll(() => replicas?.stop());

const asOwner = (sql: string) => withClient(replicas.ownerUrl, (owner) => owner.query(sql));
const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const inOrder = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/** Years that have nothing to do with when a record is sent: the tail must not care. */
const timestamp = (n: number) => `${String(1 + ((n * 7919) % 9999)).padStart(4, '0')}-06-01T00:00:00Z`;

/** Sends numbers, several requests at a time, to both ingest APIs by turns. */
async function send(from: number, to: number): Promise<void> {
  let next = from;
  const sender = async () => {
    while (next < to) {
      const start = next;
      next = Math.min(start + BATCH, to);
      await ingest.sendBatch(upTo(start, next).map((n) => ({ timestamp: timestamp(n), n })));
    }
  };
  await Promise.all([sender(), sender(), sender(), sender()]);
}

/** Takes so many records of a tail, however long its service is away. */
async function take(count: number, cursor: string, limit: number): Promise<number[]> {
  const values: number[] = [];
  const tail = client.tail<{ n: number }>(dataset, { select: [{ field: 'n' }], limit }, { cursor });
  for await (const { n } of tail) if (values.push(n) === count) break;
  return inOrder(values);
}

async function replace(index: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const control = replicas.processes.control[index];
  await control?.end(signal);
  await control?.start();
}

test('of 50,000 records that two workers store while both control planes are replaced, a tail shows each once', async () => {
  const { cursor } = await client.tailPage(dataset);
  const meanwhile = take(RECORDS - 1, cursor, 333);
  await Promise.all([send(0, RECORDS / 2), replace(0, 'SIGTERM')]);
  await Promise.all([send(RECORDS / 2, RECORDS), replace(1, 'SIGKILL')]);
  const expected = upTo(0, RECORDS).filter((n) => n !== REFUSED);
  expect(await meanwhile).toEqual(expected);
  // The cursor from before all of it still tells the same.
  expect(await take(RECORDS - 1, cursor, 1000)).toEqual(expected);
}, 180_000);

test('records that take the space of deleted ones are shown as well, each once', async () => {
  await asOwner(`DELETE FROM ${table} WHERE n < ${RECORDS / 2}`);
  await asOwner(`VACUUM (TRUNCATE off) ${table}`);
  const { rows } = await asOwner(`SELECT pg_relation_size('${table}')::int AS size`);
  const { cursor } = await client.tailPage(dataset);
  const tail = take(10_000, cursor, 1000);
  await send(RECORDS, RECORDS + 10_000);
  expect(await tail).toEqual(upTo(RECORDS, RECORDS + 10_000));
  // Otherwise this proves nothing.
  expect((await asOwner(`SELECT pg_relation_size('${table}')::int AS size`)).rows).toEqual(rows);
}, 120_000);

test('a dead letter that is stored after all is shown', async () => {
  await asOwner(`ALTER TABLE ${table} DROP CONSTRAINT ${CHECK}`);
  const { cursor } = await client.tailPage(dataset);
  const admin = fileURLToPath(new URL('../../../services/ingest/dist/admin/main.js', import.meta.url));
  await promisify(execFile)(process.execPath, [admin, 'dead-letters', 'replay'], {
    env: { LOGURO_MIGRATE_DATABASE_URL: replicas.ownerUrl },
  });
  expect(await take(1, cursor, 10)).toEqual([REFUSED]);
}, 60_000);

test('when nothing arrives any more, a tail shows nothing more', async () => {
  const { cursor } = await client.tailPage(dataset);
  expect(await client.tailPage(dataset, { cursor, wait: 1 })).toMatchObject({ rows: [], more: false });
}, 60_000);
