import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  giveTo,
  initialiseCluster,
  type PostgresServer,
  signal,
  startPostgresServer,
  unprivilegedUser,
} from '@loguro/servers';
import { testSetting } from './config.js';
import { createDatabaseOn, type TestDatabase } from './database.js';
import { forgetServer, noteServer } from './run-folder.js';
import { createTemplate } from './template.js';

/** A PostgreSQL server of one test's own, to be killed. It is durable: what it acknowledged survives a SIGKILL. */
export interface PrivatePostgres {
  /** Superuser, database `postgres`; stays the same over restarts. */
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** A migrated database on this server. */
  createDatabase(): Promise<TestDatabase>;
  /** Signals the postmaster; returns when it is gone (but for SIGSTOP and SIGCONT). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it, if it runs, and starts it again on the same port and data; returns when it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const PASSWORD = 'test';

/** Starts a PostgreSQL server on a new cluster; `settings` as in postgresql.conf. Takes some seconds. */
export async function startPostgres({
  settings = {},
}: {
  settings?: Record<string, string>;
} = {}): Promise<PrivatePostgres> {
  const runFolder = testSetting('runFolder');
  const parent = mkdtempSync(join(runFolder, 'postgres-'));
  giveTo(unprivilegedUser(), parent);
  const folder = join(parent, 'data');
  await initialiseCluster({ folder, password: PASSWORD, durable: false });
  const port = await freePort();
  const start = async () => {
    const started = await startPostgresServer({ folder, port, password: PASSWORD, log: 'ignore', settings });
    noteServer(runFolder, started);
    return started;
  };
  let server: PostgresServer = await start();
  await createTemplate(server.url);
  const end = async () => {
    await server.stop();
    forgetServer(runFolder, server.pid);
  };
  return {
    get url() {
      return server.url;
    },
    get pid() {
      return server.pid;
    },
    createDatabase: () => createDatabaseOn(server.url),
    async kill(name) {
      signal(server, name);
      if (name !== 'SIGSTOP' && name !== 'SIGCONT') await server.exited;
    },
    async restart() {
      await end();
      server = await start();
    },
    async stop() {
      await end();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
