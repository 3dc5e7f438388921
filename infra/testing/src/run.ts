import { join } from 'node:path';
import { launchers, onceEnded } from '@loguro/servers';
import type { Environment } from '@loguro/types/operations';
import { conclude } from './conclusion.js';
import { toEnvironment } from './config.js';
import { listTests, runJest } from './jest.js';
import { findLeaks } from './leaks.js';
import { createRunFolder, removeRunFolder, sweepAbandonedRuns } from './run-folder.js';
import { startServers } from './servers.js';
import { offerStack, type StackOffer } from './stack-offer.js';

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
  let stack: StackOffer | undefined;
  try {
    const needServers =
      args.length === 0 || (await listTests(root, args, env)).some((file) => file.includes('.int.test.'));
    const servers = needServers ? await startServers({ runFolder, env, say }) : undefined;
    const results = join(runFolder, 'results.json');
    stack = servers && (await offerStack({ runFolder, postgresUrl: servers.postgresUrl }));
    const testEnv = { ...env, ...toEnvironment({ ...servers, runFolder, ...(stack && { stackUrl: stack.url }) }) };
    const code = await runJest({ root, args, env: testEnv, results, signal: interrupted.signal });
    const faults = (await stack?.close()) ?? [];
    for (const fault of faults) say(`Fault: ${fault}`);
    const leaks = servers === undefined ? [] : await findLeaks(servers, runFolder);
    for (const leak of leaks) say(`Leak: ${leak}`);
    return conclude({ results, code, leaks: faults.length + leaks.length, complete: args.length === 0, say });
  } finally {
    await stack?.close();
    await removeRunFolder(runFolder);
  }
}
