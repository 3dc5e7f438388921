import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clusterVersion, hasCluster } from '@loguro/servers';
import { UserError } from './user-error.js';

/** Where things are in a data folder. */
export interface DataFolder {
  path: string;
  /** PostgreSQL's cluster. */
  postgres: string;
  logs: string;
}

/** The major version of PostgreSQL that the stack starts. */
const POSTGRES_MAJOR = '18';

/**
 * Creates the data folder, or checks the one that is there.
 *
 * @throws UserError when it can't be used, with what to do
 */
export function openDataFolder(path: string): DataFolder {
  const folder = { path, postgres: join(path, 'postgres'), logs: join(path, 'logs') };
  try {
    // As root, PostgreSQL runs as another user: it must get through, but not look around.
    if (makeFolder(path)) chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    refuseOthersFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    refuseForeignFolder(path);
    mkdirSync(folder.logs, { recursive: true, mode: 0o700 });
    accessSync(folder.logs, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${reason(path, error as NodeJS.ErrnoException)} ${REMEDY}`);
  }
  return folder;
}

/**
 * Checks what an earlier start has left of the database.
 *
 * @returns whether there is one
 * @throws UserError when there is half of one
 */
export function checkDatabase({ path, postgres }: DataFolder, hasSecrets: boolean): boolean {
  if (!existsSync(postgres)) return false;
  const afresh = `To start afresh, and lose what is stored there, delete ${path}; or choose another folder with LOGURO_DATA_DIR.`;
  if (!hasCluster(postgres)) {
    throw new UserError(`${postgres} is there but holds no complete database. ${afresh}`);
  }
  if (!hasSecrets) {
    throw new UserError(
      `${path} holds a database but not the file secrets.json with its passwords. Put that file back. ${afresh}`,
    );
  }
  const version = clusterVersion(postgres);
  if (version !== POSTGRES_MAJOR) {
    throw new UserError(
      `${postgres} was written by PostgreSQL ${version}, and this is PostgreSQL ${POSTGRES_MAJOR}. ` +
        `Dump it with the release of Loguro that wrote it and restore it here. ${afresh}`,
    );
  }
  return true;
}

/** Makes a folder and its parents; false when it is there. (Node's own recursion never ends below /proc.) */
function makeFolder(path: string): boolean {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    return false;
  }
  makeFolder(dirname(path));
  mkdirSync(path);
  return true;
}

/** Two users in one folder leave files that one of them can't read; root is no exception. */
function refuseOthersFolder(path: string): void {
  const { uid } = statSync(path);
  if (process.getuid === undefined || uid === process.getuid()) return;
  throw new UserError(
    `The data folder ${path} belongs to another user (uid ${uid}; this is uid ${process.getuid()}). ` +
      'Run as that user, or choose another folder: LOGURO_DATA_DIR=/some/folder npx pnpm start',
  );
}

/** Keeps a mistyped LOGURO_DATA_DIR from being filled: a home folder, say. */
function refuseForeignFolder(path: string): void {
  const ours = ['logs', 'postgres', 'postgres.partial', 'secrets.json', 'local.json', 'lock', 'processes.json'];
  const others = readdirSync(path).filter(
    (name) => !ours.includes(name) && !name.includes('.partial') && !name.startsWith('lock.'),
  );
  if (others.length > 0 && !existsSync(join(path, 'secrets.json'))) {
    throw new UserError(
      `${path} holds other files (${others.slice(0, 3).join(', ')}) and was not made by Loguro. Choose an empty or new folder with LOGURO_DATA_DIR.`,
    );
  }
}

function reason(path: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return `The data folder ${path} can't be written by this user (uid ${process.getuid?.()}).`;
    case 'EROFS':
      return `The data folder ${path} lies on a read-only file system.`;
    case 'ENOENT':
      return `The data folder ${path} can't be made there.`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `The data folder ${path} can't be made: there is a file of that name.`;
    case 'ENOSPC':
      return `The data folder ${path} can't be written: the disk is full.`;
    default:
      return `The data folder ${path} can't be used: ${error.message}.`;
  }
}

const REMEDY = 'Choose another: LOGURO_DATA_DIR=/some/folder npx pnpm start';
