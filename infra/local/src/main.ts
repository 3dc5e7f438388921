import { relative } from 'node:path';
import { ConfigError } from '@loguro/types/operations';
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
  const started = stack.start();
  started.catch(() => undefined);
  const first = await Promise.race([started.then(() => undefined), interrupted]).catch((error: unknown) => error);
  if (first instanceof Error) {
    await stack.stop();
    throw first;
  }
  if (first === undefined) {
    const proxied = PROXIES.some((name) => process.env[name]);
    const shown = relative(process.cwd(), config.dataFolder);
    const dataFolder = shown.startsWith('..') ? config.dataFolder : shown;
    const running = await started;
    reporter.say(welcome({ ...running, datasetId: running.exampleDatasetId, dataFolder, proxied }));
    await interrupted;
  }
  reporter.say();
  await reporter.step('Everything has stopped; the data is kept', () => stack.stop());
  process.exit(0);
}

/** Under npx and pnpm one Ctrl-C arrives several times: from the terminal and from each of them. */
function onceInterrupted(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve(name));
  });
}

function sentenceOf(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
