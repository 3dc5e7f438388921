import { homedir } from 'node:os';
import { runCli } from './cli.js';
import { type CliConfig, loadConfig } from './config.js';
import { EXIT } from './exit-codes.js';
import type { Host } from './host.js';
import { createTransport } from './transport.js';

// The only file with side effects: it ties the program to this process.

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second time at the latest, the user means it.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  });
}
// A reader that went away (`| head`) is noticed where it is written to.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await start();

async function start(): Promise<number> {
  let config: CliConfig;
  try {
    config = loadConfig(process.env, { home: homedir(), os: process.platform });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return EXIT.usage;
  }
  const transport = createTransport(config.proxies);
  try {
    return await runCli(process.argv.slice(2), hostOf(config, transport));
  } finally {
    await transport.close();
    // A terminal that was read from would keep the process alive.
    process.stdin.destroy();
  }
}

function hostOf(config: CliConfig, fetch: Host['fetch']): Host {
  const { stdin, stdout, stderr } = process;
  const onTerminal = { input: stdin, output: stderr };
  return {
    config,
    cwd: process.cwd(),
    stdin,
    stdout,
    stderr,
    now: Date.now,
    signal: stop.signal,
    prompts: {
      // Loaded when somebody is asked: most commands ask nothing, and should start at once.
      async secret(message) {
        const { default: password } = await import('@inquirer/password');
        return password({ message, mask: false }, onTerminal);
      },
      async confirm(message) {
        const { default: confirm } = await import('@inquirer/confirm');
        return confirm({ message, default: false }, onTerminal);
      },
    },
    fetch,
  };
}
