import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  giveTo,
  initialiseCluster,
  type PostgresBinaries,
  startPostgresServer,
  unprivilegedUser,
} from '@loguro/servers';
import { forgetServer, noteServer } from './run-folder.js';
import { createTemplate } from './template.js';

/** The superuser's password on every server of a run. */
export const PASSWORD = 'test';

/** For servers of which nothing need survive a power cut. */
export const FORGETFUL = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Options of {@link createCluster}. */
export interface ClusterCopyOptions {
  runFolder: string;
  /** Must not exist. */
  folder: string;
  /** Default: the PostgreSQL that npm installed. */
  binaries?: PostgresBinaries | undefined;
  /** Without our roles and the template. Default false. */
  empty?: boolean;
}

/**
 * Makes a PostgreSQL cluster for one server. The first of its kind in a run is initialised and migrated, which takes
 * seconds; all are copies of that one.
 */
export async function createCluster({ runFolder, folder, binaries, empty = false }: ClusterCopyOptions): Promise<void> {
  const image = join(runFolder, ['cluster', binaries?.major ?? 'npm', ...(empty ? ['empty'] : [])].join('-'));
  if (!existsSync(image)) await makeImage(image, runFolder, { binaries, empty });
  copyCluster(image, folder);
}

/** Copies a cluster that no server runs on. */
export function copyCluster(from: string, to: string): void {
  // Keeps owners and modes, which PostgreSQL insists on.
  execFileSync('cp', ['-a', from, to]);
}

async function makeImage(
  image: string,
  runFolder: string,
  { binaries, empty }: Pick<ClusterCopyOptions, 'binaries' | 'empty'>,
): Promise<void> {
  const parent = mkdtempSync(join(runFolder, 'image-'));
  giveTo(unprivilegedUser(), parent);
  const folder = join(parent, 'data');
  const programs = binaries && { binaries };
  try {
    await initialiseCluster({ folder, password: PASSWORD, durable: false, ...programs });
    if (!empty) {
      const port = await freePort();
      const options = { folder, port, password: PASSWORD, log: 'ignore' as const, settings: FORGETFUL, ...programs };
      const server = await startPostgresServer(options);
      noteServer(runFolder, server);
      await createTemplate(server.url).finally(() => server.stop());
      forgetServer(runFolder, server.pid);
    }
    renameSync(folder, image);
  } catch (error) {
    // Another worker of the run may have made the same meanwhile.
    if (!existsSync(image)) throw error;
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
