import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { end, identify, type ProcessIdentity, waitFor, whenExited } from '@loguro/servers';
import type { RunningProcess } from './supervised-process.js';

/** One of our services as a process. */
export interface ServiceOptions {
  /** The entry point, after the build. */
  program: string;
  env: Record<string, string>;
  /** Standard output and error are appended here. */
  logFile: string;
  /** Of its internal server, which says when it is ready. */
  opsPort: number;
  /** From spawn to ready. */
  readyTimeoutMs: number;
}

/**
 * Starts a service and returns when it is ready. It leads a process group of its own: a Ctrl-C in the
 * terminal reaches only the supervisor, who ends its children in order.
 *
 * @throws Error when it ends instead, or is not ready in time
 */
export async function startService(
  { program, env, logFile, opsPort, readyTimeoutMs }: ServiceOptions,
  spawned: (identity: ProcessIdentity) => void,
): Promise<RunningProcess> {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const exited = whenExited(child);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error(await exited);
  spawned(identity);
  const stop = (graceMs: number) => end(identity, 'SIGTERM', graceMs);
  const outcome = await untilReady(exited, opsPort, readyTimeoutMs);
  if (outcome === READY) return { ...identity, exited, stop };
  await stop(1000);
  throw new Error(outcome);
}

const READY = Symbol('ready');

async function untilReady(exited: Promise<string>, opsPort: number, timeoutMs: number): Promise<typeof READY | string> {
  let last = 'it did not answer';
  let ended: string | undefined;
  void exited.then((reason) => {
    ended = reason;
  });
  const check = async () => {
    if (ended !== undefined) return true;
    const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`, { signal: AbortSignal.timeout(2000) });
    last = await response.text();
    return response.ok;
  };
  try {
    await waitFor(check, { timeoutMs, what: 'it to be ready', intervalMs: 50 });
    return ended ?? READY;
  } catch {
    return `not ready within ${Math.round(timeoutMs / 1000)} s: ${last}`;
  }
}
