import type { Environment } from '@loguro/types/operations';
import { loadConfig } from './config.js';
import { call } from './http-client.js';
import { type LocalFile, readLocalFile } from './local-file.js';
import { Reporter } from './reporter.js';
import { Stack } from './stack.js';

/** The stack that runs on the configured data folder; undefined when none does. */
export async function findRunningStack(env: Environment, cwd: string): Promise<LocalFile | undefined> {
  const local = readLocalFile(loadConfig(env, cwd).dataFolder);
  if (local === undefined) return undefined;
  try {
    const { status } = await call({ baseUrl: local.apiUrl, method: 'GET', path: '/api/me', token: local.pat });
    return status === 200 ? local : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `work` on a stack of its own, started before and stopped after it, also when a signal ends it early. */
export async function withStack<T>(env: Environment, cwd: string, work: (local: LocalFile) => Promise<T>): Promise<T> {
  const stack = new Stack(loadConfig(env, cwd), new Reporter(process.stdout));
  const interrupted = new Promise<never>((_, reject) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => reject(new Error(`Interrupted by ${name}.`)));
    }
  });
  try {
    return await Promise.race([stack.start().then(work), interrupted]);
  } finally {
    await stack.stop();
  }
}
