import { execFileSync } from 'node:child_process';

/**
 * Stops a process and its children without ending them, as a hung machine would: connections stay open and
 * nothing answers.
 *
 * @returns how to let them go on
 */
export function freeze(pid: number): () => void {
  // The parent first: one that runs could still make a child that is not on the list.
  process.kill(pid, 'SIGSTOP');
  const children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);
  for (const child of children) process.kill(child, 'SIGSTOP');
  const pids = [pid, ...children];
  return () => {
    for (const each of pids) {
      try {
        process.kill(each, 'SIGCONT');
      } catch {
        // It has ended meanwhile.
      }
    }
  };
}
