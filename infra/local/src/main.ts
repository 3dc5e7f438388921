import { relative } from 'node:path';
import { launchers, onceEnded } from '@loguro/servers';
import { ConfigError, type Environment } from '@loguro/types/operations';
import { loadConfig } from './config.js';
import { Reporter } from './reporter.js';
import { Stack } from './stack.js';
import { UserError } from './user-error.js';
import { welcome } from './welcome.js';

const PROXIES = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'];

/**
 * Runs the stack until a signal ends it, then exits the process.
 *
 * @param buildMs how long the build before took
 */
export async function runLocal(buildMs: number): Promise<void> {
  // Whoever reads our output may go away before us (`npx pnpm start | head`); stopping in order matters more.
  process.stdout.on('error', () => undefined);
  const reporter = new Reporter(process.stdout);
  reporter.finished('Built', buildMs);
  try {
    await run(reporter);
  } catch (error) {
    reporter.say(`\n${sentenceOf(error)}`);
    process.exit(1);
  }
}

async function run(reporter: Reporter): Promise<void> {
  const config = loadConfig(process.env, process.cwd());
  const stack = new Stack(config, reporter);
  const interrupted = onceInterrupted();
  try {
    const running = await Promise.race([stack.start(), interrupted]);
    if (running !== undefined) {
      reporter.say(welcome({ ...running, dataFolder: forPeople(config.dataFolder), proxied: usesProxy(process.env) }));
      await interrupted;
    }
  } catch (error) {
    await stack.stop();
    throw error;
  }
  reporter.say();
  await reporter.step('Everything has stopped; the data is kept', () => stack.stop());
  process.exit(0);
}

function forPeople(dataFolder: string): string {
  const path = relative(process.cwd(), dataFolder);
  return path.startsWith('..') ? dataFolder : path;
}

function usesProxy(env: Environment): boolean {
  return PROXIES.some((name) => env[name]);
}

/** A signal may come more than once: to the whole group from the terminal, and from whoever passes it on. */
function onceInterrupted(): Promise<void> {
  const signalled = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
  });
  return Promise.race([signalled, onceEnded(launchers())]);
}

function sentenceOf(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
