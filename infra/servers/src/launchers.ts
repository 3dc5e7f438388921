import { basename } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import { commandOf, parentOf } from './process-tree.js';

/**
 * The npx, npm and pnpm processes that run this one. They pass on no signal: whoever ends the `npx pnpm
 * start` they started would otherwise leave everything running, without a way to reach it.
 */
export function launchers(pid = process.pid): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (
    let current = parentCommand(pid);
    current !== undefined && current.pid > 1;
    current = parentCommand(current.pid)
  ) {
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

function parentCommand(pid: number): { pid: number; command: string[] } | undefined {
  try {
    const parent = parentOf(pid);
    return { pid: parent, command: commandOf(parent) };
  } catch {
    return undefined;
  }
}
