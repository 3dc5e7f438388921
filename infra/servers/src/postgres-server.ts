import { type ChildProcess, spawn } from 'node:child_process';
import { withClient } from './connections.js';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.js';
import { POSTGRES_ENV, SUPERUSER } from './postgres-cluster.js';
import { end, identify, type ProcessIdentity } from './process-identity.js';
import { unprivilegedUser } from './unprivileged-user.js';

/** Options of {@link startPostgresServer}. */
export interface PostgresServerOptions {
  /** A cluster made by `initialiseCluster`. */
  folder: string;
  port: number;
  /** The superuser's password, to see when the server answers. */
  password: string;
  /** Where its log goes; a file descriptor, or nowhere. */
  log: number | 'ignore';
  /** `name: value` as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** Default 60 000: recovery after a crash replays the log first. */
  startTimeoutMs?: number;
  /** Hears of the process before it answers. */
  onSpawn?: (identity: ProcessIdentity) => void;
  /** Default: the PostgreSQL that npm installed. */
  binaries?: PostgresBinaries;
}

/** A running PostgreSQL server; a process group of its own, so a Ctrl-C in the terminal does not reach it. */
export interface PostgresServer extends ProcessIdentity {
  /** The superuser's, database `postgres`. */
  url: string;
  port: number;
  /** Resolves when the process is gone, whatever the reason, with a few words about it. */
  exited: Promise<string>;
  /** Fast shutdown: sessions are ended, data is flushed. SIGKILL after `graceMs` (default 15 000). */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts PostgreSQL and returns when it answers queries.
 *
 * @throws Error when it ends instead, or does not answer in time
 */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const { folder, port, password, log, settings = {}, startTimeoutMs = 60_000 } = options;
  const user = unprivilegedUser();
  const { postgres } = options.binaries ?? postgresBinaries(user);
  const flags = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings });
  const args = ['-D', folder, '-p', String(port), ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(postgres, args, {
    ...(user && { uid: user.uid, gid: user.gid }),
    cwd: '/',
    env: POSTGRES_ENV,
    stdio: ['ignore', log, log],
    detached: true,
  });
  const exited = whenExited(child);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error(`PostgreSQL did not start: ${await exited}`);
  options.onSpawn?.(identity);
  const server: PostgresServer = {
    ...identity,
    url: `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    port,
    exited,
    stop: (graceMs = 15_000) => end(identity, 'SIGINT', graceMs),
  };
  await untilItAnswers(server, startTimeoutMs);
  return server;
}

async function untilItAnswers(server: PostgresServer, timeoutMs: number): Promise<void> {
  let ended: string | undefined;
  void server.exited.then((reason) => {
    ended = reason;
  });
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (ended !== undefined) throw new Error(`PostgreSQL ended while starting (${ended})`);
    try {
      return await withClient(server.url, async (client) => void (await client.query('SELECT 1')));
    } catch (error) {
      if (performance.now() > deadline) {
        await server.stop(1000);
        throw new Error(`PostgreSQL did not answer within ${timeoutMs} ms`, { cause: error });
      }
    }
    await Promise.race([server.exited, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
}

/** Resolves with how a child ended. */
export function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(code === null ? `signal ${by}` : `exit code ${code}`));
  });
}
