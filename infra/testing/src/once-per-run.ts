import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@loguro/servers';
import { testSetting } from './config.js';

/** What came of the making: its result as JSON, or the words of its failure. */
type Outcome<T> = { made: T } | { failed: string };

/** Options of {@link oncePerRun}. */
export interface OncePerRunOptions<T> {
  /** How long the others wait for whoever makes it. Default 240 000. */
  timeoutMs?: number;
  /** Makes it in a folder that goes with the run; the result must be plain JSON. */
  make: (folder: string) => Promise<T>;
}

/**
 * Makes something slow once for all test files of a run, whichever asks first; the others wait. Nobody may change it.
 *
 * @throws Error with the words of the failure, in every file that asks
 */
export async function oncePerRun<T>(name: string, { make, timeoutMs = 240_000 }: OncePerRunOptions<T>): Promise<T> {
  const folder = join(testSetting('runFolder'), `once-${name}`);
  const file = join(folder, 'outcome.json');
  if (isFirst(folder)) writeOutcome(file, await outcomeOf(make(folder)));
  const text = await waitFor(() => readFileSync(file, 'utf8'), {
    timeoutMs,
    what: `another test file to make ${name}`,
  });
  const outcome = JSON.parse(text) as Outcome<T>;
  if ('failed' in outcome) throw new Error(outcome.failed);
  return outcome.made;
}

/** Two jest workers may ask at once; one of them creates the folder. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function outcomeOf<T>(making: Promise<T>): Promise<Outcome<T>> {
  return making.then(
    (made) => ({ made }),
    (error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }),
  );
}

/** Whole or not there. */
function writeOutcome(file: string, outcome: Outcome<unknown>): void {
  writeFileSync(`${file}.partial`, JSON.stringify(outcome));
  renameSync(`${file}.partial`, file);
}
