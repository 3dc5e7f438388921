import { execFile, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
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

/** Runs jest on the terminal; resolves with its exit code. */
export function runJest({ root, args, env, results, signal }: JestOptions): Promise<number> {
  const report = ['--json', '--outputFile', results];
  const child = spawn(process.execPath, [program(root), ...report, ...args], {
    cwd: root,
    env: withVmModules(env),
    // The JSON goes to the file; jest's own words for people go to stderr.
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? (by === 'SIGINT' ? 130 : 143));
    });
  });
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
