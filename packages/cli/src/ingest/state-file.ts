import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LIMITS } from '@loguro/types';
import writeFileAtomic from 'write-file-atomic';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';

/** How far an ingest came. Everything before `offset` is settled: accepted, or in the rejects file. */
export interface IngestState {
  version: 1;
  file: string;
  datasetId: number;
  /** Everything that decides what is sent; a continued ingest must not change it. */
  options: string;
  salt: string;
  /** Byte in the decompressed file. */
  offset: number;
  /** Digest of the content before `offset`. */
  chain: string;
  /** Byte up to which batches were sent whose answer may have been lost; `offset` when there are none. */
  uncertainUntil: number;
  accepted: number;
  rejected: number;
  /** Length of the rejects file that belongs to `offset`. */
  rejectsBytes: number;
  /** RFC 3339. */
  startedAt: string;
  updatedAt: string;
  done: boolean;
}

/** Where the progress of this file into this dataset is kept. */
export function statePath(stateDir: string, file: string, ingestUrl: string, datasetId: number): string {
  const name = createHash('sha256').update(`${file}|${ingestUrl}|${datasetId}`).digest('hex').slice(0, 32);
  return join(stateDir, 'ingest', `${name}.json`);
}

export async function readState(path: string): Promise<IngestState | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new CliError(`The progress file ${path} can't be read (${error.code}).`);
  });
  if (text === null) return null;
  try {
    const state = JSON.parse(text) as IngestState;
    if (state.version === 1) return state;
  } catch {
    // Falls through: a foreign file is as useless as a damaged one.
  }
  throw new CliError(`The progress file ${path} is damaged.`, {
    hints: ['Start from the beginning of the file: --restart (what was stored within a day is not stored again)'],
  });
}

export async function writeState(path: string, state: IngestState): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new CliError(`The progress can't be kept in ${path} (${(error as NodeJS.ErrnoException).code}).`, {
      exitCode: EXIT.unexpected,
      hints: ['Set LOGURO_STATE_DIR to a folder you can write to.'],
      cause: error,
    });
  }
}

/**
 * Refuses to go on where going on could store records twice.
 *
 * @param options those of this run
 */
export function assertResumable(state: IngestState, options: string, now: number): void {
  // Nothing is in doubt: the next batch may be cut and written in any way.
  if (state.uncertainUntil <= state.offset) return;
  const anyway = 'Go on, and perhaps store those twice: --accept-duplicates';
  const doubt = `In doubt are the records between bytes ${state.offset} and ${state.uncertainUntil} of the file: query for them.`;
  if (state.options !== options) {
    throw new CliError('The unfinished ingest of this file was started with other options.', {
      exitCode: EXIT.conflict,
      hints: [`Repeat them: ${describeOptions(state.options)}`, doubt, anyway],
    });
  }
  if (now - Date.parse(state.updatedAt) <= LIMITS.idempotencyTtlMs) return;
  throw new CliError(
    `The ingest of this file was interrupted at ${state.updatedAt}, too long ago to recognise what was already stored.`,
    { exitCode: EXIT.conflict, hints: [doubt, anyway] },
  );
}

function describeOptions(options: string): string {
  try {
    return Object.entries(JSON.parse(options) as Record<string, unknown>)
      .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
      .join(', ');
  } catch {
    return options;
  }
}
