import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { identify, type ProcessIdentity } from './process-identity.js';

/** Everything that runs below a process at this moment: its children, theirs, and so on. */
export function descendants(pid: number): ProcessIdentity[] {
  const children = new Map<number, number[]>();
  for (const [child, parent] of parents()) children.set(parent, [...(children.get(parent) ?? []), child]);
  const below = (parent: number): number[] => (children.get(parent) ?? []).flatMap((one) => [one, ...below(one)]);
  return below(pid)
    .map(identify)
    .filter((identity) => identity !== undefined);
}

/** The parent of a process. @throws Error when there is no such process */
export function parentOf(pid: number): number {
  if (process.platform !== 'linux') return Number(ps('-o', 'ppid=', '-p', String(pid)));
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
}

/** The command line of a process. npm writes its own title over its arguments, as one text with spaces. */
export function commandOf(pid: number): string[] {
  if (process.platform !== 'linux') return ps('-o', 'command=', '-p', String(pid)).trim().split(/\s+/);
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/);
}

/** Every process with its parent. */
function parents(): [number, number][] {
  if (process.platform !== 'linux') {
    const lines = ps('-A', '-o', 'pid=,ppid=').trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    try {
      return [[Number(name), parentOf(Number(name))]];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function ps(...args: string[]): string {
  return execFileSync('ps', args, { encoding: 'utf8' });
}
