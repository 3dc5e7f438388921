import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, giveTo, identify, isAlive, type ProcessIdentity, unprivilegedUser } from '@loguro/servers';

/*
 * A run keeps one folder in the system's temporary folder:
 *   owner        the runner's process
 *   servers/<pid>  one file per server process it or a test started
 * So whatever is left, after a test that crashed or a runner that was killed, can be found and ended.
 */
const PREFIX = 'loguro-test-';

/** Creates the folder of this run. */
export function createRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // PostgreSQL must get in, as another user when we are root.
  giveTo(unprivilegedUser(), folder);
  mkdirSync(join(folder, 'servers'));
  writeFileSync(join(folder, 'owner'), JSON.stringify(identify(process.pid)));
  return folder;
}

/** Notes a server process, so that it is ended with the run at the latest. */
export function noteServer(runFolder: string, { pid, startedAt }: ProcessIdentity): void {
  writeFileSync(join(runFolder, 'servers', String(pid)), JSON.stringify({ pid, startedAt }));
}

/** Forgets a server that has ended. */
export function forgetServer(runFolder: string, pid: number): void {
  rmSync(join(runFolder, 'servers', String(pid)), { force: true });
}

/** The noted servers that still run. */
export function runningServers(runFolder: string): ProcessIdentity[] {
  return readdirSync(join(runFolder, 'servers'))
    .map((pid) => JSON.parse(readFileSync(join(runFolder, 'servers', pid), 'utf8')) as ProcessIdentity)
    .filter(isAlive);
}

/** Ends the folder's servers and removes it. */
export async function removeRunFolder(runFolder: string): Promise<void> {
  await Promise.all(runningServers(runFolder).map((server) => end(server, 'SIGQUIT', 3000)));
  rmSync(runFolder, { recursive: true, force: true });
}

/** Removes what killed runs left behind. */
export async function sweepAbandonedRuns(): Promise<void> {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX));
  for (const folder of folders.map((name) => join(tmpdir(), name))) {
    try {
      const owner = JSON.parse(readFileSync(join(folder, 'owner'), 'utf8')) as ProcessIdentity;
      if (!isAlive(owner)) await removeRunFolder(folder);
    } catch {
      // Another user's, or being made or removed this moment: not ours to judge.
    }
  }
}
