import { spawn } from 'node:child_process';

/** How a program ended. */
export interface Ended {
  code: number;
  stdout: string;
  /** Both streams, in the order in which they came. */
  output: string;
}

/** Options of {@link run}. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** Runs a program to its end. @throws Error when it can't be started */
export function run(program: string, args: readonly string[], { cwd, env }: RunOptions = {}): Promise<Ended> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, output }));
  });
}

/** The output of a program that has to succeed. @throws Error with what it said */
export async function succeed(program: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, output } = await run(program, args, options);
  if (code === 0) return stdout;
  const words = output.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${words}`);
}

/** @throws Error with the sentence when the condition does not hold */
export function holds(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}
