import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@loguro/servers';
import { UserError } from './user-error.js';

/**
 * Makes this process the only one that runs a stack on the data folder. The lock names its holder, so a
 * holder that was killed does not block the next start.
 *
 * @returns gives the folder back
 * @throws UserError when another process runs on the folder
 */
export function lockDataFolder(dataFolder: string): () => void {
  const lock = join(dataFolder, 'lock');
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      if (claim(mine, lock)) return () => rmSync(lock, { force: true });
      const holder = holderOf(lock);
      if (holder !== undefined && isAlive(holder)) {
        throw new UserError(
          `Loguro is running on ${dataFolder} already (process ${holder.pid}). ` +
            'Stop it with Ctrl-C, or run a second one with its own LOGURO_DATA_DIR and LOGURO_PORT.',
        );
      }
      discard(lock, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A link appears whole and only where there is none: one of two that claim at once gets it. */
function claim(mine: string, lock: string): boolean {
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(lock: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Moves a dead holder's lock away; puts it back if meanwhile a living one's stood there. */
function discard(lock: string, dead: ProcessIdentity | undefined): void {
  const aside = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = holderOf(aside);
  const same = moved?.pid === dead?.pid && moved?.startedAt === dead?.startedAt;
  if (!same) claim(aside, lock);
  rmSync(aside, { force: true });
}
