import { join } from 'node:path';
import { launchers, onceEnded } from '@loguro/servers';
import type { Environment } from '@loguro/types/operations';
import { conclude } from './conclusion.js';
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
  // Whoever reads our output may go away before us; ending the servers matters more.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  await sweepAbandonedRuns();
  const runFolder = createRunFolder();
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort());
  // Neither npx nor pnpm passes a signal on, and SIGKILL can't be.
  void onceEnded(launchers()).then(() => interrupted.abort());
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
