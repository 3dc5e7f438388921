import { relative } from 'node:path';
import type { DatasetIngestClient } from '@loguro/datasets';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { columnsOf } from '../output/formats.js';
import { formatCount, formatDuration } from '../output/numbers.js';
import type { Context } from '../program.js';
import type { IngestFlags } from './flags.js';
import { waitUntilStored } from './receipts.js';
import type { StartingPoint } from './starting-point.js';
import type { IngestState } from './state-file.js';

/** What a finished ingest came to. */
interface Outcome {
  client: DatasetIngestClient;
  /** The state it began with. */
  before: IngestState;
  start: StartingPoint;
  receipts: readonly string[];
  rejectsPath: string;
}

/** Waits if asked to, and prints the counts of this run. */
export async function summarize(
  { host, out, flags, session }: Context<IngestFlags>,
  { client, before, start, receipts, rejectsPath }: Outcome,
): Promise<ExitCode> {
  const { state, after } = start;
  const accepted = state.accepted - before.accepted;
  const rejected = state.rejected - before.rejected;
  if (flags.wait) await waitUntilStored(client, receipts, session.signal);
  const elapsedMs = host.now() - Date.parse(after === 'nothing' ? state.startedAt : before.updatedAt);
  const rejectsFile = rejected > 0 ? rejectsPath : null;
  const summary = { accepted, rejected, rejectsFile, stored: flags.wait === true, acceptedInAll: state.accepted };
  if (out.format === 'table') {
    const row = {
      accepted: formatCount(accepted),
      rejected: formatCount(rejected),
      ...(rejectsFile && { rejects: relative(host.cwd, rejectsFile) }),
      ...(after === 'nothing'
        ? { took: formatDuration(elapsedMs) }
        : { 'accepted in all': formatCount(state.accepted) }),
    };
    await out.item(row, columnsOf(...Object.keys(row)), summary);
  } else await out.item(summary, columnsOf(...Object.keys(summary)), summary);
  if (after === 'completion' && accepted + rejected === 0) {
    await out.note('Nothing new: the whole file was ingested before. To store it once more: --again');
  } else if (flags.wait) await out.note('The records can be queried.');
  return rejected > 0 ? EXIT.rejected : EXIT.ok;
}
