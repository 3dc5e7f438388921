import { execFileSync } from 'node:child_process';

/**
 * Stops a process and its children without ending them, as a hung machine would: connections stay open and
 * nothing answers.
 *
 * @returns how to let them go on
 */
export function freeze(pid: number): () => void {
  const children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  const pids = [pid, ...children.trim().split('\n').map(Number)];
  for (const each of pids) process.kill(each, 'SIGSTOP');
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
