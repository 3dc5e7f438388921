import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadResult, LoadSpec } from './load-spec.js';

const CLIENT = fileURLToPath(new URL('./load-client.js', import.meta.url));

/** Runs the load generator in a process of its own. */
export async function runLoad(spec: LoadSpec): Promise<LoadResult> {
  const running = promisify(execFile)(process.execPath, [CLIENT]);
  // Not as an argument: those may not be as long as a batch.
  running.child.stdin?.end(JSON.stringify(spec));
  const { stdout } = await running;
  const result = JSON.parse(stdout) as LoadResult;
  if (result.errors > 0)
    throw new Error(`${result.errors} of ${result.requests} requests failed: nothing was measured`);
  return result;
}
