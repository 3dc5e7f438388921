import { spawn } from 'node:child_process';

/** What a program said and how it ended. */
export interface Outcome {
  stdout: string;
  stderr: string;
  /** null: it was killed. */
  code: number | null;
}

/** Options of {@link runProgram}. */
export interface ProgramOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  timeoutMs?: number;
}

/** Runs a program to its end, or to the end of its time. */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<Outcome> {
  const { cwd, env, timeoutMs = 120_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ stdout, stderr, code }));
  });
}
