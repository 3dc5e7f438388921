import type { Books } from './books.js';
import type { DeadLetter, ReplayResult } from './dead-letters.js';
import type { ChunkFate, FailedJob } from './failed-jobs.js';

const FATES: Record<ChunkFate, string> = {
  stored: 'stored already, would be left alone',
  discard: 'its dataset is deleted, would be discarded',
  store: 'would be stored',
};

/** Failed jobs for a person. */
export function failedText(total: number, jobs: readonly FailedJob[]): string {
  if (total === 0) return 'No job has failed.';
  const shown = jobs.length < total ? `, the first ${jobs.length} of them` : '';
  const blocks = jobs.map(({ id, queuedAt, attempts, reason, chunks }) =>
    [
      `Job ${id}`,
      `  queued ${queuedAt}, tried ${attempts} times: ${reason}`,
      ...chunks.map(
        (chunk) => `  chunk ${chunk.id}, dataset ${chunk.dataset}, records ${chunk.count}: ${FATES[chunk.fate]}`,
      ),
    ].join('\n'),
  );
  return [`Failed jobs: ${total}${shown}`, ...blocks].join('\n');
}

/** Dead letters for a person. */
export function deadLettersText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'There are no dead letters.';
  return letters
    .map(({ id, dataset, chunk, at, sqlstate, reason, line }) =>
      [`${id}  dataset ${dataset}  ${at}  ${sqlstate} ${reason}`, `  chunk ${chunk}`, `  ${line.trimEnd()}`].join('\n'),
    )
    .join('\n');
}

/** A replay of dead letters for a person. */
export function replayText(dryRun: boolean, { stored, refused }: ReplayResult): string {
  return dryRun
    ? `Would be stored: ${stored}\nWould be refused again: ${refused}`
    : `Stored: ${stored}\nRefused again: ${refused}`;
}

/** The books for a person. */
export function booksText({ stored, dead, discarded, pending, accounted }: Books): string {
  const rows: [string, number][] = [
    ['stored', stored],
    ['dead', dead],
    ['discarded', discarded],
    ...Object.entries(pending).map(([state, records]): [string, number] => [`pending, ${state}`, records]),
    ['accounted for', accounted],
  ];
  return rows.map(([name, records]) => `${name.padEnd(18)}${String(records).padStart(15)}`).join('\n');
}
