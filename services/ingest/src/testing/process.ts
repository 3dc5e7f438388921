import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, waitFor } from '@loguro/testing';

const SOURCE = fileURLToPath(new URL('..', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist', import.meta.url));

/** A process of this service, built, to be killed and started again on the same port. */
export interface ServiceProcess {
  readonly pid: number;
  /** Of its internal server: healthz, readyz, metrics. */
  readonly opsUrl: string;
  /** What it wrote so far, over all its lives. */
  output(): string;
  /** Sends a signal; returns when the process is gone (but for SIGSTOP and SIGCONT), with its exit code. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it, if it does not run, and returns when it is ready. */
  start(): Promise<void>;
  /** Resolves when the process ends by itself, with its exit code. */
  ended(): Promise<number | null>;
  /** SIGKILLs it, if it runs. */
  stop(): Promise<void>;
  /** Reads its metrics. @returns the value of one, its labels added up; 0 when it has no sample */
  metrics(): Promise<(name: string) => number>;
  /** Reads one of them. */
  metric(name: string): Promise<number>;
}

/**
 * Runs an entry point of this service as its own process.
 *
 * @param entry `worker/main.js`, below the built folder
 */
export async function startService(entry: string, env: Record<string, string>): Promise<ServiceProcess> {
  const opsPort = await freePort();
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  let child: ChildProcess | undefined;
  let ended: Promise<number | null> = Promise.resolve(null);
  const output: Buffer[] = [];
  const service: ServiceProcess = {
    opsUrl,
    get pid() {
      if (child?.pid === undefined) throw new Error(`${entry} does not run.`);
      return child.pid;
    },
    output: () => Buffer.concat(output).toString(),
    async kill(signal) {
      child?.kill(signal);
      return signal === 'SIGSTOP' || signal === 'SIGCONT' ? null : ended;
    },
    async start() {
      if (child === undefined) {
        const started = spawn(process.execPath, [join(BUILT, entry)], {
          env: { ...env, LOGURO_OPS_PORT: String(opsPort), LOGURO_LOG_LEVEL: 'warn' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        child = started;
        started.stdout.on('data', (data: Buffer) => output.push(data));
        started.stderr.on('data', (data: Buffer) => output.push(data));
        ended = new Promise((resolve) => {
          started.once('exit', (code) => {
            if (child === started) child = undefined;
            resolve(code);
          });
        });
      }
      await waitFor(
        async () => {
          if (child === undefined) throw new Error(`${entry} ended: ${service.output()}`);
          return (await fetch(`${opsUrl}/readyz`)).ok;
        },
        // A process starts in about a second; on a machine that does too much at once it takes a minute.
        { timeoutMs: 60_000, what: `${entry} to be ready` },
      );
    },
    ended: () => ended,
    async stop() {
      child?.kill('SIGCONT');
      child?.kill('SIGKILL');
      await ended;
    },
    async metrics() {
      if (child === undefined) throw new Error(`${entry} ended: ${service.output()}`);
      const lines = (await (await fetch(`${opsUrl}/metrics`)).text()).split('\n');
      return (name) => {
        const samples = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
        return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
      };
    },
    metric: async (name) => (await service.metrics())(name),
  };
  await service.start();
  return service;
}

/**
 * Tests with processes run what was built, as operators do; an old build would test yesterday's program.
 *
 * @param unused files that the test does not run
 * @throws Error when the build is older than the source
 */
export function assertBuilt(unused = /^$/): void {
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.includes('.test.') || /^(testing|crash)\b/.test(name)) continue;
    if (unused.test(name)) continue;
    const built = join(BUILT, name.replace(/\.ts$/, '.js'));
    if (!existsSync(built) || statSync(built).mtimeMs < statSync(join(SOURCE, name)).mtimeMs) {
      throw new Error(`${name} is newer than its build: run "npx pnpm build" first.`);
    }
  }
}
