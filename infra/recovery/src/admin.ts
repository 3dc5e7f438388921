import { execFile } from 'node:child_process';
import { program } from '@loguro/testing';

/** How a command of an operator ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const LOGURO_ADMIN = program('infra/admin/bin/loguro-admin.mjs');

/** Runs `loguro-admin`, or another program like it, as an operator does; returns when it has ended, however. */
export function admin(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  path = LOGURO_ADMIN,
): Promise<Outcome> {
  const { PATH = '' } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path, ...args],
      { env: { PATH, ...env }, timeout: 120_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}

/** The same, for what has to succeed; returns what it printed with `--json`. */
export async function adminJson<T>(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  path = LOGURO_ADMIN,
): Promise<T> {
  const { code, stdout, stderr } = await admin([...args, '--json'], env, path);
  if (code !== 0) throw new Error(`loguro-admin ${args[0]} ended with ${code}: ${stderr || stdout}`);
  return JSON.parse(stdout) as T;
}
