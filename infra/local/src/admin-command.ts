import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './services.js';

/** The control plane's command for operators, on one database. */
export interface AdminCommand {
  /** Its environment. */
  env: Record<string, string>;
  /** Ends it early. */
  signal: AbortSignal;
}

/**
 * Runs one command and returns what it prints as JSON.
 *
 * @throws Error with the command's own sentence
 */
export async function runAdmin({ env, signal }: AdminCommand, ...args: string[]): Promise<unknown> {
  const program = join(ROOT, 'services/control-plane/dist/admin/main.js');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--json'], { env, signal });
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(stderr.trim() || message, { cause: error });
  }
}
