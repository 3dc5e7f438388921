import { randomUUID } from 'node:crypto';
import type { Source } from '../records/source.js';
import { fingerprint, type IngestFlags } from './flags.js';
import { assertResumable, type IngestState, readState, statePath } from './state-file.js';
import type { Target } from './target.js';

/** Where an ingest begins, and where it keeps its progress. */
export interface StartingPoint {
  state: IngestState;
  /** undefined for stdin, which can't be read twice. */
  statePath: string | undefined;
  /** What is gone on from: an earlier run that was interrupted, or one that had the whole file. */
  after: 'nothing' | 'interruption' | 'completion';
}

/** Finds the progress of an earlier run, if there is one to go on from. */
export async function findStart(
  source: Source,
  target: Target,
  flags: IngestFlags,
  { stateDir, now }: { stateDir: string; now: number },
): Promise<StartingPoint> {
  const startedAt = new Date(now).toISOString();
  const fresh = freshState(source, target, flags, startedAt);
  if (source.path === '-') {
    return { state: { ...fresh, salt: randomUUID() }, statePath: undefined, after: 'nothing' };
  }
  const path = statePath(stateDir, source.path, target.ingestUrl, target.datasetId);
  const earlier = flags.restart || flags.again ? null : await readState(path);
  if (earlier === null) return { state: fresh, statePath: path, after: 'nothing' };
  if (!flags.acceptDuplicates) assertResumable(earlier, fresh.options, now);
  return {
    state: { ...earlier, options: fresh.options, done: false },
    statePath: path,
    after: earlier.done ? 'completion' : 'interruption',
  };
}

/** The state of an ingest that begins at the beginning. */
function freshState(source: Source, target: Target, flags: IngestFlags, startedAt: string): IngestState {
  return {
    version: 1,
    file: source.path,
    datasetId: target.datasetId,
    options: fingerprint(flags),
    // Another time makes other records: they must not be taken for a repeat.
    salt: [flags.again ? randomUUID() : '', flags.timestamp === 'now' ? startedAt : ''].join(),
    offset: 0,
    chain: '',
    uncertainUntil: 0,
    accepted: 0,
    rejected: 0,
    rejectsBytes: 0,
    startedAt,
    updatedAt: startedAt,
    done: false,
  };
}
