import { join } from 'node:path';
import { waitFor } from '@loguro/servers';
import type { Figure } from '../report.js';
import { interleave, ratio } from './compare.js';
import { COPY_TOOL, measureCopy, writeRows } from './copy-floor.js';
import { drainObvious } from './obvious-queue.js';
import { fillQueue, type QueueOf, untilDrained } from './queue-tools.js';
import type { IngestStack, QueueKind } from './stack.js';

const ROWS = Number(process.env.LOGURO_BENCH_DRAIN_ROWS ?? 600_000);
/** The queue in PostgreSQL is slower to fill; its rate does not depend on how much there is. */
const POSTGRES_ROWS = ROWS / 4;
const OBVIOUS_ROWS = ROWS / 20;

/** From a full queue to committed rows, ledger on, API idle, as a ratio to COPY of the same rows. */
export async function measureDrain(stack: IngestStack, say: (line: string) => void): Promise<Figure[]> {
  const file = join(stack.folder, 'rows.copy');
  writeRows(file, ROWS);
  const seen = await interleave(
    [
      { name: 'COPY', measure: () => measureCopy(stack.ownerUrl, stack.table, file, ROWS) },
      { name: 'one worker', measure: () => drain(stack, 'everysec', ROWS, 1) },
      { name: 'two workers', measure: () => drain(stack, 'everysec', ROWS, 2) },
      { name: 'PostgreSQL queue', measure: () => drain(stack, 'postgres', POSTGRES_ROWS, 1) },
      { name: 'obvious', measure: () => drainObvious(stack, OBVIOUS_ROWS) },
    ],
    'rows/s',
    say,
  );
  const floor = seen('COPY');
  return [
    ratio(`drain, Redis queue, rows/s to ${COPY_TOOL}`, seen('one worker'), floor, { atLeast: 0.9 }),
    ratio('drain with a second worker on the same machine, to one', seen('two workers'), seen('one worker')),
    ratio(`drain, the obvious build, rows/s to ${COPY_TOOL}`, seen('obvious'), floor),
    ratio(`drain, PostgreSQL queue, rows/s to ${COPY_TOOL}`, seen('PostgreSQL queue'), floor),
  ];
}

/** What is needed to drain a queue into a table. */
export type DrainTarget = QueueOf & Pick<IngestStack, 'startWorker' | 'stored' | 'truncate'>;

/** Rows per second between the first commit and the last: starting a process is not draining. */
export async function drain(stack: DrainTarget, kind: QueueKind, rows: number, workers: number): Promise<number> {
  await fillQueue(stack, kind, rows);
  await stack.truncate();
  const before = await stack.stored();
  const running = await Promise.all(Array.from({ length: workers }, () => stack.startWorker(kind)));
  const seen = async () => (await stack.stored()) - before;
  const first = await waitFor(seen, { what: 'the first rows', intervalMs: 2 });
  const started = performance.now();
  await waitFor(async () => (await seen()) >= rows, { what: 'all rows', timeoutMs: 300_000, intervalMs: 10 });
  const seconds = (performance.now() - started) / 1000;
  await untilDrained(stack, kind);
  await Promise.all(running.map((worker) => worker.stop()));
  await stack.truncate();
  return (rows - first) / seconds;
}
