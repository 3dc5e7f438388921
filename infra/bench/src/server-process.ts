import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A server in a process of its own. */
export interface ServerProcess {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a Node script and waits until it has printed its port.
 *
 * @param portIn finds the port in what was printed so far
 */
export async function startServer(
  script: string,
  env: Record<string, string>,
  portIn: (output: string) => number | undefined,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    const look = (chunk: unknown) => {
      output += chunk;
      const found = portIn(output);
      if (found === undefined) return;
      // From here on its log is read and thrown away: this process measures.
      child.stdout.off('data', look).resume();
      resolve(found);
    };
    child.stdout.on('data', look);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it listened`)));
  });
  return { port, pid: child.pid ?? 0, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Resident memory of a process in MB (Linux). */
export function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kb === undefined) throw new Error(`The memory of process ${pid} can't be read`);
  return Number(kb) / 1024;
}
