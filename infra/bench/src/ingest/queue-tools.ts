import { openIngestQueue, QUEUE_DEFAULTS } from '@loguro/ingest/dist/queue/open-ingest-queue.js';
import { openQueueStore } from '@loguro/ingest/dist/queue/open-queue-store.js';
import { waitFor } from '@loguro/servers';
import { Registry } from 'prom-client';
import { copyLines } from './rows.js';
import type { IngestStack, QueueKind } from './stack.js';

/** The queue of a dataset. */
export type QueueOf = Pick<IngestStack, 'dataset' | 'queueUrl'>;

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Fills the queue with rows in jobs of 500, as the API would; nothing takes them yet. */
export async function fillQueue(stack: QueueOf, kind: QueueKind, rows: number): Promise<void> {
  const queue = await openIngestQueue({ url: stack.queueUrl(kind), logger, registry: new Registry() });
  const PART = 500;
  for (let from = 0; from < rows; from += PART) {
    await queue.append({ dataset: stack.dataset, lines: copyLines(from, PART), count: PART });
  }
  await queue.close();
}

/** Waits until nothing is in the queue. */
export async function untilDrained(stack: Pick<QueueOf, 'queueUrl'>, kind: QueueKind): Promise<void> {
  const store = await openQueueStore({
    ...QUEUE_DEFAULTS,
    url: stack.queueUrl(kind),
    redisPolicy: 'warn',
    timeoutMs: 30_000,
    logger,
  });
  try {
    await waitFor(
      async () => {
        const { waiting, active, delayed } = await store.snapshot();
        return waiting.jobs + active.jobs + delayed.jobs === 0;
      },
      { what: 'the queue to drain', timeoutMs: 300_000, intervalMs: 100 },
    );
  } finally {
    await store.close();
  }
}
