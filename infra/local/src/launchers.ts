import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@loguro/servers';

/**
 * The npx, npm and pnpm processes that run this one. They pass on no signal: whoever ends the `npx pnpm
 * start` they started would otherwise leave the stack running, without a way to reach it.
 */
export function launchers(pid = process.pid): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (let current = parentOf(pid); current !== undefined && current.pid > 1; current = parentOf(current.pid)) {
    const [program = '', script = ''] = current.command.map((word) => basename(word.replace(/^-/, '')));
    const isLauncher = MANAGER.test(program) || (/^node/.test(program) && MANAGER.test(script));
    if (!isLauncher && !SHELL.test(program)) break;
    const identity = isLauncher ? identify(current.pid) : undefined;
    if (identity !== undefined) found.push(identity);
  }
  return found;
}

const MANAGER = /^(npm|npx|pnpm|pnpx)\b/;
const SHELL = /^(sh|ash|dash|bash|zsh|ksh|fish)$/;

/** Resolves when one of the processes has ended; never when there are none. */
export function onceEnded(processes: readonly ProcessIdentity[], intervalMs = 500): Promise<void> {
  return new Promise((resolve) => {
    if (processes.length === 0) return;
    const timer = setInterval(() => {
      if (processes.every(isAlive)) return;
      clearInterval(timer);
      resolve();
    }, intervalMs);
    timer.unref();
  });
}

function parentOf(pid: number): { pid: number; command: string[] } | undefined {
  try {
    const parent = process.platform === 'linux' ? parentOnLinux(pid) : Number(ps('ppid=', pid));
    return { pid: parent, command: commandOf(parent) };
  } catch {
    return undefined;
  }
}

function parentOnLinux(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
}

/** npm writes its own title over its arguments, as one text with spaces. */
function commandOf(pid: number): string[] {
  if (process.platform !== 'linux') return ps('command=', pid).trim().split(/\s+/);
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/);
}

function ps(field: string, pid: number): string {
  return execFileSync('ps', ['-o', field, '-p', String(pid)], { encoding: 'utf8' });
}
