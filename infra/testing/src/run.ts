import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@loguro/types/operations';
import { toEnvironment } from './config.js';
import { listTests, runJest } from './jest.js';
import { findLeaks } from './leaks.js';
import { createRunFolder, removeRunFolder, sweepAbandonedRuns } from './run-folder.js';
import { startServers } from './servers.js';

/** Options of {@link runTests}. */
export interface RunOptions {
  /** The repository. */
  root: string;
  /** For jest. */
  args: readonly string[];
  env: Environment;
  say: (line: string) => void;
}

/**
 * Runs the tests with everything they need, ends what it started, and says how it went.
 *
 * @returns the exit code
 */
export async function runTests({ root, args, env, say }: RunOptions): Promise<number> {
  await sweepAbandonedRuns();
  const runFolder = createRunFolder();
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort());
  try {
    const needServers =
      args.length === 0 || (await listTests(root, args, env)).some((file) => file.includes('.int.test.'));
    const servers = needServers ? await startServers({ runFolder, env, say }) : undefined;
    const results = join(runFolder, 'results.json');
    const testEnv = { ...env, ...toEnvironment({ ...servers, runFolder }) };
    const code = await runJest({ root, args, env: testEnv, results, signal: interrupted.signal });
    const leaks = servers === undefined ? [] : await findLeaks(servers, runFolder);
    for (const leak of leaks) say(`Leak: ${leak}`);
    return conclude({ results, code, leaks: leaks.length, complete: args.length === 0, say });
  } finally {
    await removeRunFolder(runFolder);
  }
}

interface Conclusion {
  results: string;
  code: number;
  leaks: number;
  /** Whether every test was to run: then a skipped one is a failure. */
  complete: boolean;
  say: (line: string) => void;
}

function conclude({ results, code, leaks, complete, say }: Conclusion): number {
  const counts = readCounts(results);
  const skipped = complete ? counts.numPendingTests + counts.numTodoTests : 0;
  if (skipped > 0) say(`${skipped} tests were skipped; in a complete run that is a failure.`);
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites + leaks + skipped;
  say(`${counts.numPassedTests} passed, ${failed} failed`);
  return code === 0 && failed > 0 ? 1 : code;
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
