import { execFile, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { descendants, end, type ProcessIdentity } from '@loguro/servers';
import type { Environment } from '@loguro/types/operations';

/** Options of {@link runJest}. */
export interface JestOptions {
  root: string;
  args: readonly string[];
  env: Environment;
  /** Where jest writes its results as JSON. */
  results: string;
  /** Ends jest early. */
  signal: AbortSignal;
}

/** What a service or a server of a test that was cut off may take to end, in milliseconds. */
const CUT_OFF_GRACE_MS = 2000;

/** Runs jest on the terminal; resolves with its exit code. */
export async function runJest({ root, args, env, results, signal }: JestOptions): Promise<number> {
  // An interruption while the servers were starting.
  if (signal.aborted) return 143;
  const report = ['--json', '--outputFile', results];
  const child = spawn(process.execPath, [program(root), ...report, ...args], {
    cwd: root,
    env: withVmModules(env),
    // The JSON goes to the file; jest's own words for people go to stderr.
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  let left: ProcessIdentity[] = [];
  const stop = () => {
    // Tests that are cut off end nothing of what they started: services, above all.
    left = descendants(child.pid ?? 0);
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, by) => resolve(code ?? (by === 'SIGINT' ? 130 : 143)));
  });
  signal.removeEventListener('abort', stop);
  await Promise.all(left.map((process) => end(process, 'SIGTERM', CUT_OFF_GRACE_MS)));
  return code;
}

/** The test files that these arguments choose. */
export async function listTests(root: string, args: readonly string[], env: Environment): Promise<string[]> {
  const list = [program(root), ...args, '--listTests', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, list, { cwd: root, env: withVmModules(env) });
  return JSON.parse(stdout) as string[];
}

function program(root: string): string {
  return join(dirname(createRequire(join(root, 'package.json')).resolve('jest/package.json')), 'bin/jest.js');
}

/** Jest's workers inherit the variable, not the command line. */
function withVmModules(env: Environment): Record<string, string> {
  const options = [env.NODE_OPTIONS, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  return { ...(env as Record<string, string>), NODE_OPTIONS: options.filter(Boolean).join(' ') };
}
