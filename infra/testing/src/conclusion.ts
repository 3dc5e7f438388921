import { readFileSync } from 'node:fs';

/** How a run went. */
export interface Conclusion {
  /** The file that jest wrote its results to. */
  results: string;
  /** Jest's exit code. */
  code: number;
  /** How much tests left open. */
  leaks: number;
  /** Whether every test was to run: then a skipped one is a failure. */
  complete: boolean;
  say: (line: string) => void;
}

/** Says how many passed and failed; returns the exit code. */
export function conclude({ results, code, leaks, complete, say }: Conclusion): number {
  const counts = readCounts(results);
  const skipped = complete ? counts.numPendingTests + counts.numTodoTests : 0;
  if (skipped > 0) say(`${skipped} tests were skipped; in a complete run that is a failure.`);
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites + leaks + skipped;
  say(`${counts.numPassedTests} passed, ${failed} failed`);
  return code === 0 && (failed > 0 || counts.numPassedTests === 0) ? 1 : code;
}

const COUNTS = [
  'numPassedTests',
  'numFailedTests',
  'numRuntimeErrorTestSuites',
  'numPendingTests',
  'numTodoTests',
] as const;
type Counts = Record<(typeof COUNTS)[number], number>;

/** Jest writes no results when it could not even start. */
function readCounts(results: string): Counts {
  try {
    return JSON.parse(readFileSync(results, 'utf8')) as Counts;
  } catch {
    return Object.fromEntries(COUNTS.map((name) => [name, 0])) as Counts;
  }
}
