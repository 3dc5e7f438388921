import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { REACHABLE_FOLDER } from '@loguro/servers';

/*
 * As root, PostgreSQL runs as another user, who can't reach a data folder below a private one such as /root.
 * The cluster then lives here, and the data folder has a link to it:
 *   postgres-<id>         the cluster
 *   postgres-<id>.origin  the data folder it belongs to
 */
const ORIGIN = '.origin';

/**
 * Makes a cluster where every user gets through, for a data folder.
 *
 * @param create makes a cluster in the folder it is given, which does not exist
 * @returns the cluster's folder
 */
export async function createElsewhere(dataFolder: string, create: (folder: string) => Promise<void>): Promise<string> {
  const origin = realpathSync(dataFolder);
  const id = createHash('sha256').update(origin).digest('hex').slice(0, 12);
  const folder = join(REACHABLE_FOLDER, `postgres-${id}`);
  mkdirSync(REACHABLE_FOLDER, { recursive: true, mode: 0o755 });
  removeAbandoned();
  // Of a data folder of the same name that was deleted: nobody has that cluster's passwords any more.
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(`${folder}${ORIGIN}`, origin);
  await create(folder);
  return folder;
}

/**
 * Removes clusters whose data folder was a temporary one and is gone. One that is gone from elsewhere may be on
 * a disk that is not mounted: that one's cluster stays.
 */
function removeAbandoned(): void {
  const temporary = `${realpathSync(tmpdir())}${sep}`;
  for (const name of readdirSync(REACHABLE_FOLDER).filter((file) => file.endsWith(ORIGIN))) {
    const note = join(REACHABLE_FOLDER, name);
    const origin = readFileSync(note, 'utf8');
    const folder = note.slice(0, -ORIGIN.length);
    const running = existsSync(join(folder, 'postmaster.pid'));
    if (!origin.startsWith(temporary) || existsSync(origin) || running) continue;
    rmSync(folder, { recursive: true, force: true });
    rmSync(note, { force: true });
  }
}
