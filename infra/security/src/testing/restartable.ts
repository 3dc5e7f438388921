import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { portFault } from '@loguro/servers';
import { waitFor } from '@loguro/testing';

/** A built program, below the root of the repository. */
export const program = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

/** A process that can be ended and started again on the same ports. */
export interface Restartable {
  readonly name: string;
  /** Starts it and returns when it is ready. */
  start(): Promise<void>;
  /** Signals it; returns its exit code when it is gone, null when the signal itself ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** A process that does not run yet. */
export function restartable(script: string, opsPort: number, env: Record<string, string>): Restartable {
  let child: ChildProcess | undefined;
  return {
    name: script,
    async start() {
      const started = spawn(process.execPath, [program(script)], {
        env: { LOGURO_OPS_PORT: String(opsPort), LOGURO_LOG_LEVEL: 'fatal', ...env },
        stdio: 'ignore',
      });
      child = started;
      await waitFor(async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok, {
        timeoutMs: 60_000,
        what: `${script} to be ready`,
      });
      if (started.exitCode !== null) throw new Error(`${script} ended with ${started.exitCode} while it started`);
    },
    async end(signal) {
      const ended = child;
      if (ended === undefined) return null;
      child = undefined;
      if (ended.exitCode === null && ended.signalCode === null) {
        const exited = once(ended, 'exit');
        ended.kill(signal);
        await exited;
      }
      return ended.exitCode;
    },
  };
}

/**
 * Free ports that no outgoing connection is given: those start at 32768 (Linux) or above. A process that is away for
 * a second must find its port free when it returns.
 */
export async function portsToReturnTo(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!ports.includes(port) && (await portFault(port, '127.0.0.1')) === undefined) ports.push(port);
  }
  return ports;
}
