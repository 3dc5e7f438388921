import type { Batch } from './batcher.js';
import { batchKey } from './content-chain.js';
import type { RejectsFile } from './rejects-file.js';
import { type Sender, type Settled, sendBatch } from './send-batch.js';
import { type IngestState, writeState } from './state-file.js';

/** What an ingest needs to run. */
export interface IngestRunOptions {
  sender: Sender;
  /** Requests on their way at the same time. */
  concurrency: number;
  rejectsFile: RejectsFile;
  /** Where to keep the progress; undefined for stdin, which can't be read twice. */
  statePath: string | undefined;
  state: IngestState;
  /** Rejects after which to stop; 0: never. */
  maxRejects: number;
  signal: AbortSignal;
  now(): number;
  /** After each settled batch. */
  onProgress(state: IngestState, settled: Settled): void;
}

/** More rejects than are worth going on with. */
export class TooManyRejects extends Error {}

/** The run was stopped by its signal; what was on its way is settled as far as that went quickly. */
export class Interrupted extends Error {}

/** Saving is a write with fsync; what was settled since the last one is sent again, and recognised, after a crash. */
const SAVE_EVERY_MS = 500;
/** How long requests on their way may still take after the signal. */
const GRACE_MS = 5000;

interface InFlight {
  batch: Batch;
  settled: Promise<Settled>;
}

/**
 * Sends batches, several at a time, and settles them in the order of the file: `state.offset` moves on, and the
 * rejects of a batch are written, only when every batch before it is settled. So whatever ends the run — an
 * error, Ctrl-C, SIGKILL — everything before the offset is done, and everything behind it may be sent again: the
 * batches that had arrived are recognised by their Idempotency-Key.
 *
 * @throws Interrupted, TooManyRejects, LoguroError; the progress is saved in each case
 */
export async function runIngest(source: AsyncIterable<Batch>, options: IngestRunOptions): Promise<void> {
  const { state, signal, now } = options;
  const inFlight: InFlight[] = [];
  const grace = graceAfter(signal);
  let savedAt = now();
  const settleFirst = async () => {
    await settle(inFlight[0] as InFlight, options);
    inFlight.shift();
    if (now() - savedAt < SAVE_EVERY_MS) return;
    savedAt = now();
    await save(options);
  };
  try {
    for await (const batch of untilStopped(source, signal)) {
      if (signal.aborted) break;
      const alone = state.uncertainUntil <= state.offset;
      state.uncertainUntil = Math.max(state.uncertainUntil, batch.end);
      // A crash from here on may leave this batch stored and unanswered: the file has to say so beforehand.
      if (alone) await save(options);
      const settled = sendBatch(options.sender, batch, keyOf(batch, state), grace.signal);
      // Awaited later, in order; until then a failure is not unhandled.
      settled.catch(() => undefined);
      inFlight.push({ batch, settled });
      if (inFlight.length >= options.concurrency) await settleFirst();
    }
    while (inFlight.length > 0) await settleFirst();
    if (signal.aborted) throw new Interrupted();
    state.done = true;
  } catch (error) {
    if (signal.aborted && !(error instanceof TooManyRejects)) throw new Interrupted();
    throw error;
  } finally {
    const answers = await Promise.allSettled(inFlight.map(({ settled }) => settled));
    if (answers.every(wasRefused)) state.uncertainUntil = state.offset;
    grace.cancel();
    await save(options).finally(() => options.rejectsFile.close());
  }
}

/** Ends where the signal ended reading, so that what is on its way is settled as after any other batch. */
async function* untilStopped(source: AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
  try {
    yield* source;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function keyOf(batch: Batch, state: IngestState): string {
  return batchKey(batch.chain, state.datasetId, state.options, state.salt);
}

/** Whether the server said no, which leaves nothing in doubt. */
function wasRefused(answer: PromiseSettledResult<Settled>): boolean {
  if (answer.status === 'fulfilled') return false;
  const { status = 0 } = answer.reason as { status?: number };
  return status >= 400 && status < 500;
}

/** A signal that fires some time after the other one. */
function graceAfter(signal: AbortSignal): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => controller.abort(), GRACE_MS);
  };
  if (signal.aborted) start();
  signal.addEventListener('abort', start, { once: true });
  return {
    signal: controller.signal,
    cancel() {
      clearTimeout(timer);
      signal.removeEventListener('abort', start);
    },
  };
}

async function settle({ batch, settled }: InFlight, options: IngestRunOptions): Promise<void> {
  const { state, rejectsFile, maxRejects } = options;
  const result = await settled;
  await rejectsFile.append(result.rejects);
  state.offset = batch.end;
  state.chain = batch.chain;
  state.accepted += result.accepted;
  state.rejected += result.rejects.length;
  state.rejectsBytes = rejectsFile.bytes;
  options.onProgress(state, result);
  if (maxRejects > 0 && state.rejected > maxRejects) throw new TooManyRejects();
}

async function save({ statePath, state, now }: IngestRunOptions): Promise<void> {
  state.updatedAt = new Date(now()).toISOString();
  if (statePath !== undefined) await writeState(statePath, state);
}
