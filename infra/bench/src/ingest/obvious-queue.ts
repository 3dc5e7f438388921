import { waitFor, withClient } from '@loguro/servers';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { obviousEnv } from './obvious-env.js';
import { record } from './rows.js';
import { startService } from './service.js';
import type { IngestStack, QueueKind } from './stack.js';

const BATCH = 500;
/** How often its table is looked at, in milliseconds: to count rows takes more than to read our ledger. */
const LOOK_MS = 50;

/** Removes what the obvious build has in its queue: its worker takes minutes for what its API takes in seconds. */
export function emptyObviousQueue(stack: Pick<IngestStack, 'queueUrl'>, kind: QueueKind = 'everysec'): Promise<void> {
  return withQueue(stack, kind, (queue) => queue.obliterate({ force: true }));
}

/** Rows per second of the obvious build's worker, from a full queue of batches to an idle one. */
export async function drainObvious(stack: IngestStack, rows: number): Promise<number> {
  const records = Array.from({ length: BATCH }, (_, index) => record(index));
  await withQueue(stack, 'everysec', async (queue) => {
    for (let from = 0; from < rows; from += BATCH) await queue.add('batch', { records });
  });
  await stack.truncate();
  const worker = await startService('obvious worker', await obviousEnv(stack));
  const first = await waitFor(() => countRows(stack), { what: 'the first rows', intervalMs: LOOK_MS });
  const started = performance.now();
  const all = async () => (await countRows(stack)) >= rows;
  await waitFor(all, { what: 'all rows', timeoutMs: 300_000, intervalMs: LOOK_MS });
  const seconds = (performance.now() - started) / 1000;
  await worker.stop();
  await stack.truncate();
  return (rows - first) / seconds;
}

/** Rows in the table: the obvious build has no ledger to be asked. */
export function countRows({ ownerUrl, table }: Pick<IngestStack, 'ownerUrl' | 'table'>): Promise<number> {
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<{ count: number }>(`SELECT count(*)::float8 AS count FROM ${table}`);
    return rows[0]?.count ?? 0;
  });
}

async function withQueue(
  { queueUrl }: Pick<IngestStack, 'queueUrl'>,
  kind: QueueKind,
  work: (queue: Queue) => Promise<unknown>,
): Promise<void> {
  const connection = new Redis(queueUrl(kind), { maxRetriesPerRequest: null });
  const queue = new Queue('obvious', { connection, defaultJobOptions: { removeOnComplete: true } });
  await work(queue);
  await queue.close();
  connection.disconnect();
}
