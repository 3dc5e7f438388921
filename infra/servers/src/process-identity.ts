import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitFor } from './wait-for.js';

/** A process for as long as it lives: pids are reused, a pid together with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; compare for equality only. */
  startedAt: string;
}

/** The identity of a running process, or undefined when there is none (zombies count as ended). */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Sends a signal, if this very process still runs. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Sends `name`, waits `graceMs`, then SIGKILLs; returns when the process is gone. */
export async function end(identity: ProcessIdentity, name: NodeJS.Signals, graceMs: number): Promise<void> {
  signal(identity, name);
  const gone = () => !isAlive(identity);
  await waitFor(gone, { timeoutMs: graceMs, what: `process ${identity.pid} to end` }).catch(() =>
    signal(identity, 'SIGKILL'),
  );
  await waitFor(gone, { timeoutMs: 5000, what: `process ${identity.pid} to end after SIGKILL` });
}

/** Field 22 of /proc/<pid>/stat, in clock ticks since boot; the name in field 2 may hold spaces and parentheses. */
function startOnLinux(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const [state] = fields;
    return state === 'Z' || state === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startFromPs(pid: number): string | undefined {
  try {
    const [state, ...startedAt] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state === undefined || state === '' || state.startsWith('Z') ? undefined : startedAt.join(' ');
  } catch {
    return undefined;
  }
}
