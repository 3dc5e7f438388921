import { resolve } from 'node:path';
import type { DatasetIngestClient } from '@loguro/datasets';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Context } from '../program.js';
import { openRecords } from '../records/record-reader.js';
import { openSource, type Source } from '../records/source.js';
import { type Batch, batches, FileChanged } from './batcher.js';
import { converterFor } from './convert-with.js';
import { checkOnly } from './dry-run.js';
import { type IngestFlags, toOptions } from './flags.js';
import { Interrupted, runIngest, TooManyRejects } from './ingest-run.js';
import { showProgress } from './progress.js';
import { RejectsFile } from './rejects-file.js';
import { findStart, type StartingPoint } from './starting-point.js';
import type { IngestState } from './state-file.js';
import { summarize } from './summary.js';
import { findTarget, ingestClient, recordCheck, type Target } from './target.js';

/** A request carries at most this many bytes of the file. */
const BATCH_BYTES = 1024 * 1024;

/** The command `ingest`. */
export async function ingestFile(context: Context<IngestFlags>, reference: string, path: string): Promise<ExitCode> {
  const { host, out, flags } = context;
  const target = await findTarget(context, reference);
  const source = await openSource(host, path);
  if (flags.dryRun) return checkOnly(context, source, target.fields);
  if (rejectsPath(context, source) === source.path) {
    throw new CliError(`The rejects would overwrite ${path} itself.`, { hints: ['Name another file: --rejects FILE'] });
  }
  const client = await ingestClient(context, target.datasetId);
  const start = await findStart(source, target, flags, { stateDir: host.config.stateDir, now: host.now() });
  if (start.after === 'interruption') {
    await out.note(`Going on behind ${start.state.accepted + start.state.rejected} records of an earlier run.`);
  }
  const before = { ...start.state };
  const receipts: string[] = [];
  try {
    await send(context, source, target, { client, start, receipts });
  } catch (error) {
    throw toCliError(error, path, start);
  }
  return summarize(context, { client, before, start, receipts, rejectsPath: rejectsPath(context, source) });
}

/** What `send` works with besides the file. */
interface Sending {
  client: DatasetIngestClient;
  start: StartingPoint;
  /** Filled with what the server answers. */
  receipts: string[];
}

async function send(
  context: Context<IngestFlags>,
  source: Source,
  target: Target,
  { client, start, receipts }: Sending,
): Promise<void> {
  const { host, flags, out } = context;
  const { state } = start;
  const progress = showProgress(host, out, source);
  try {
    await runIngest(await readBatches(source, target, flags, state), {
      sender: client,
      concurrency: flags.concurrency,
      rejectsFile: new RejectsFile(rejectsPath(context, source), state.rejectsBytes),
      statePath: start.statePath,
      state,
      maxRejects: flags.maxRejects,
      signal: host.signal,
      now: host.now,
      onProgress: (now, settled) => {
        progress.update(now.accepted, now.rejected);
        if (flags.wait) receipts.push(...settled.receipts);
      },
    });
  } finally {
    progress.stop();
  }
}

async function readBatches(
  source: Source,
  target: Target,
  flags: IngestFlags,
  state: IngestState,
): Promise<AsyncGenerator<Batch>> {
  const options = toOptions(flags, state.startedAt);
  const file = await openRecords(source, { format: options.input, delimiter: options.delimiter });
  return batches(file, {
    maxRecords: options.batchSize,
    maxBytes: BATCH_BYTES,
    from: state.offset === 0 ? undefined : { offset: state.offset, chain: state.chain },
    convert: converterFor(file, target.fields, options.mapping),
    check: recordCheck(target.fields),
  });
}

function rejectsPath({ flags, host }: Context<IngestFlags>, source: Source): string {
  return resolve(host.cwd, flags.rejects ?? `${source.path === '-' ? 'stdin' : source.path}.rejects.ndjson`);
}

/** Adds to a failure what is known of the ingest: what is settled, and how to go on. */
function toCliError(error: unknown, path: string, { state, statePath, after }: StartingPoint): unknown {
  const settled = `${state.accepted} records are accepted and ${state.rejected} rejected so far.`;
  const goOn = statePath === undefined ? [] : ['Go on: run the same command again. Nothing is stored twice.'];
  if (error instanceof Interrupted) {
    return new CliError(`Interrupted. ${settled}`, { exitCode: EXIT.interrupted, hints: goOn });
  }
  if (error instanceof TooManyRejects) {
    return new CliError(`Stopped: ${settled}`, {
      exitCode: EXIT.rejected,
      hints: ['See why in the rejects file.', 'To go on anyway, run the same command with a higher --max-rejects.'],
    });
  }
  if (!(error instanceof FileChanged)) return error;
  const what = after === 'completion' ? 'when it was ingested' : 'when its ingest was interrupted';
  return new CliError(
    `${path} is not what it was ${what}: something changed before its record ${state.accepted + state.rejected}.`,
    {
      exitCode: EXIT.conflict,
      hints: [
        'Is it another file under the same name? Send it from its beginning: --restart',
        'Was it edited? Then --restart would store again what stands behind the change; make a file of the new records.',
      ],
    },
  );
}
