import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@loguro/servers';

/** A built program, below the root of this repository; a path from / stays what it is. */
export const program = (path: string) => resolve(fileURLToPath(new URL('../../../', import.meta.url)), path);

/** A process that can be ended and started again on the same ports. */
export interface Restartable {
  readonly name: string;
  readonly opsPort: number;
  /** Of its latest life; undefined before the first. */
  readonly pid: number | undefined;
  /**
   * Starts it and returns when it is ready.
   *
   * @throws Error with what it wrote, when it ends instead or takes too long
   */
  start(): Promise<void>;
  /** Starts it, for one that can't work; lets it say why, and returns when it has ended by itself or been told to. */
  attempt(): Promise<void>;
  /** What it wrote, line by line, over all its lives. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Signals it; returns its exit code when it is gone, null when the signal itself ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

function gather(stream: Readable, lines: string[]): void {
  createInterface({ input: stream }).on('line', (line) => lines.push(line));
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** A process that does not run yet. It logs nothing but its death, unless the environment says otherwise. */
export function restartable(script: string, opsPort: number, env: Record<string, string>): Restartable {
  let child: ChildProcess | undefined;
  let pid: number | undefined;
  const stdout: string[] = [];
  const stderr: string[] = [];
  const launch = () => {
    const started = spawn(process.execPath, [program(script)], {
      env: { LOGURO_OPS_PORT: String(opsPort), LOGURO_LOG_LEVEL: 'fatal', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    pid = started.pid;
    gather(started.stdout, stdout);
    gather(started.stderr, stderr);
    return started;
  };
  return {
    name: script,
    opsPort,
    stdout,
    stderr,
    get pid() {
      return pid;
    },
    async attempt() {
      const started = launch();
      const closed = once(started, 'close');
      await waitFor(() => hasEnded(started) || stdout.length + stderr.length > 0, {
        timeoutMs: 30_000,
        what: 'a word',
      });
      // One that goes on may have more to say.
      const timer = setTimeout(() => started.kill('SIGTERM'), 2000);
      await closed;
      clearTimeout(timer);
    },
    async start() {
      const started = launch();
      child = started;
      const closed = once(started, 'close');
      const isReady = async () =>
        hasEnded(started) ||
        (await fetch(`http://127.0.0.1:${opsPort}/readyz`, { signal: AbortSignal.timeout(5000) })).ok;
      const words = () => [...stdout, ...stderr].slice(-20).join('\n');
      await waitFor(isReady, { timeoutMs: 60_000, what: `${script} to be ready` }).catch((error: Error) => {
        throw new Error(`${error.message}\n${words()}`, { cause: error });
      });
      if (!hasEnded(started)) return;
      await closed;
      throw new Error(`${script} ended with ${started.exitCode ?? started.signalCode} while it started\n${words()}`);
    },
    async end(signal) {
      const ended = child;
      if (ended === undefined) return null;
      child = undefined;
      if (!hasEnded(ended)) {
        // Not "exit": its last lines may come after that.
        const exited = once(ended, 'close');
        ended.kill(signal);
        await exited;
      }
      return ended.exitCode;
    },
  };
}
