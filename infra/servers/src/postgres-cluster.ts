import { spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.js';
import { type UnprivilegedUser, unprivilegedUser } from './unprivileged-user.js';

/** The superuser of every cluster made here. */
export const SUPERUSER = 'postgres';

/** The first version that knows what a letter is without asking the operating system. */
const BUILTIN_LOCALES = 17;

/** The environment of PostgreSQL's programs: nothing of ours may change what they do. */
export const POSTGRES_ENV = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Whether the folder holds a complete cluster: {@link initialiseCluster} leaves a whole one or none. */
export function hasCluster(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION')) && existsSync(join(folder, 'global/pg_control'));
}

/** The major version that wrote a cluster, e.g. "18". */
export function clusterVersion(folder: string): string {
  return readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
}

/** Options of {@link initialiseCluster}. */
export interface ClusterOptions {
  /** Must not exist. Its parent must, and must be reachable by the user PostgreSQL runs as. */
  folder: string;
  /** The password of {@link SUPERUSER}. */
  password: string;
  /** Whether it must survive a power cut; default true. */
  durable?: boolean;
  /** Ends it early. */
  signal?: AbortSignal;
  /** Default: the PostgreSQL that npm installed. */
  binaries?: PostgresBinaries;
}

/**
 * Creates a PostgreSQL cluster: UTF-8, ordered by code point whatever the machine's locale, UTC. It is
 * made beside the folder and renamed when whole, so an interrupted call leaves nothing half-made there.
 *
 * @throws Error with initdb's own words
 */
export async function initialiseCluster(options: ClusterOptions): Promise<void> {
  const { folder, password, durable = true, signal } = options;
  const user = unprivilegedUser();
  const { initdb, major } = options.binaries ?? postgresBinaries(user);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  giveTo(user, partial);
  const secrets = mkdtempSync(join(tmpdir(), 'loguro-initdb-'));
  try {
    const pwfile = join(secrets, 'password');
    writeFileSync(pwfile, `${password}\n`, { mode: 0o600 });
    giveTo(user, secrets);
    giveTo(user, pwfile);
    const flags = ['--encoding=UTF8', '--locale=C'];
    if (major >= BUILTIN_LOCALES) flags.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8');
    if (!durable) flags.push('--no-sync');
    const args = [`--pgdata=${partial}`, `--username=${SUPERUSER}`, `--pwfile=${pwfile}`, '--auth=scram-sha-256'];
    await run(initdb, [...args, ...flags], { user, signal });
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(secrets, { recursive: true, force: true });
  }
}

/** Makes a file or folder the user's own; nothing to do when we are not root. */
export function giveTo(user: UnprivilegedUser | undefined, path: string): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

interface RunOptions {
  user: UnprivilegedUser | undefined;
  signal: AbortSignal | undefined;
}

function run(program: string, args: string[], { user, signal }: RunOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(user && { uid: user.uid, gid: user.gid }),
      ...(signal && { signal }),
      cwd: '/',
      env: POSTGRES_ENV,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (chunk) => {
      words += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`initdb failed (${code}): ${words.trim() || 'it gave no reason'}`)),
    );
  });
}
