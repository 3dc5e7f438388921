import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  descendants,
  freePort,
  giveTo,
  isAlive,
  type PostgresBinaries,
  type PostgresServer,
  SUPERUSER,
  signal,
  startPostgresServer,
  unprivilegedUser,
  waitFor,
} from '@loguro/servers';
import { copyCluster, createCluster, PASSWORD } from './cluster-image.js';
import { testSetting } from './config.js';
import { createDatabaseOn, type TestDatabase } from './database.js';
import { forgetServer, noteServer } from './run-folder.js';

/** A PostgreSQL server of one test's own, to be killed. It is durable: what it acknowledged survives a SIGKILL. */
export interface PrivatePostgres {
  /** Superuser, database `postgres`; stays the same over restarts. */
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** A migrated database on this server. */
  createDatabase(): Promise<TestDatabase>;
  /**
   * Signals the postmaster, and returns when it is gone (but for SIGSTOP and SIGCONT). SIGKILL, of which it can tell
   * nobody, goes to all its processes: a session that has not noticed yet would answer one more statement.
   */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it, if it runs, and starts it again on the same port and data; returns when it answers. */
  restart(): Promise<void>;
  /** A streaming replica of it, as it is now. It restarts once for that; its connections break. */
  startReplica(): Promise<PostgresReplica>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A read-only copy of a server that follows it. */
export interface PostgresReplica {
  /** A URL of the server as one of the replica. */
  urlOf(url: string): string;
  stop(): Promise<void>;
}

/** Options of {@link startPostgres}. */
export interface PrivatePostgresOptions {
  /** As in postgresql.conf. */
  settings?: Record<string, string>;
  /** Default: the PostgreSQL that npm installed. */
  binaries?: PostgresBinaries;
  /** Without our roles and the template, so that {@link PrivatePostgres.createDatabase} can't work. Default false. */
  empty?: boolean;
}

/** Starts a PostgreSQL server on a cluster of its own. */
export async function startPostgres({
  settings = {},
  binaries,
  empty = false,
}: PrivatePostgresOptions = {}): Promise<PrivatePostgres> {
  const runFolder = testSetting('runFolder');
  const parent = mkdtempSync(join(runFolder, 'postgres-'));
  giveTo(unprivilegedUser(), parent);
  const folder = join(parent, 'data');
  const programs = binaries && { binaries };
  await createCluster({ runFolder, folder, binaries, empty });
  const port = await freePort();
  const startOn = async (where: { folder: string; port: number; settings: Record<string, string> }) => {
    const started = await startPostgresServer({ ...where, ...programs, password: PASSWORD, log: 'ignore' });
    noteServer(runFolder, started);
    return started;
  };
  const start = () => startOn({ folder, port, settings });
  let server: PostgresServer = await start();
  const endOf = async (running: PostgresServer) => {
    await running.stop();
    forgetServer(runFolder, running.pid);
  };
  const end = () => endOf(server);
  return {
    get url() {
      return server.url;
    },
    get pid() {
      return server.pid;
    },
    createDatabase: () => createDatabaseOn(server.url),
    async kill(name) {
      // Stopped first, so that it starts no session that is not in the list.
      if (name === 'SIGKILL') signal(server, 'SIGSTOP');
      const sessions = name === 'SIGKILL' ? descendants(server.pid) : [];
      for (const process of [server, ...sessions]) signal(process, name);
      if (name !== 'SIGSTOP' && name !== 'SIGCONT') await server.exited;
      const gone = () => !sessions.some(isAlive);
      await waitFor(gone, { timeoutMs: 5000, what: 'the sessions of PostgreSQL to be gone' });
    },
    async restart() {
      await end();
      server = await start();
    },
    async startReplica() {
      const copy = join(parent, 'replica');
      await end();
      copyCluster(folder, copy);
      server = await start();
      writeFileSync(join(copy, 'standby.signal'), '');
      const primary = `host=127.0.0.1 port=${port} user=${SUPERUSER} password=${PASSWORD}`;
      const replicaPort = await freePort();
      const following = { ...settings, primary_conninfo: primary, max_standby_streaming_delay: '0' };
      const replica = await startOn({ folder: copy, port: replicaPort, settings: following });
      return {
        urlOf: (url) => url.replace(`:${port}/`, `:${replicaPort}/`),
        stop: () => endOf(replica),
      };
    },
    async stop() {
      await end();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
