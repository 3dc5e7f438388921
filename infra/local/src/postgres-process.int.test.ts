import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { freePort, withClient } from '@loguro/servers';
import { checkDatabase, openDataFolder } from './data-folder.js';
import { createCluster, startPostgres } from './postgres-process.js';

// Clusters are made durably here, which a busy disk can make slow.
jest.setTimeout(120_000);
const password = 'secret';
const { signal } = new AbortController();
let parent: string;
beforeEach(() => {
  // For its owner alone: as root, the user PostgreSQL runs as can't get in.
  parent = mkdtempSync(join(tmpdir(), 'loguro-private-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('PostgreSQL runs on a data folder below a private one, whoever starts it, and finds its data again', async () => {
  const folder = openDataFolder(join(parent, 'data'));
  await createCluster(folder, { password, signal });
  const cluster = realpathSync(folder.postgres);
  try {
    expect(checkDatabase(folder, true)).toBe(true);
    const options = { folder, port: await freePort(), password };
    const first = await startPostgres(options, () => undefined);
    await withClient(first.url, (client) => client.query('CREATE TABLE kept (id int)'));
    await first.stop(10_000);
    const second = await startPostgres(options, () => undefined);
    const { rows } = await withClient(second.url, (client) => client.query('SELECT * FROM kept'));
    expect(rows).toEqual([]);
    await second.stop(10_000);
  } finally {
    rmSync(cluster, { recursive: true });
  }
});

test('a data folder that was deleted can be made again under the same name', async () => {
  const folder = openDataFolder(join(parent, 'data'));
  await createCluster(folder, { password, signal });
  rmSync(folder.path, { recursive: true });
  openDataFolder(folder.path);
  await createCluster(folder, { password: 'another', signal });
  const cluster = realpathSync(folder.postgres);
  const server = await startPostgres({ folder, port: await freePort(), password: 'another' }, () => undefined);
  await server.stop(10_000);
  rmSync(cluster, { recursive: true });
});

test('a start that is interrupted while it creates the database leaves nothing half-made', async () => {
  const folder = openDataFolder(join(parent, 'data'));
  const interrupted = new AbortController();
  const creating = createCluster(folder, { password, signal: interrupted.signal });
  setImmediate(() => interrupted.abort());
  await expect(creating).rejects.toThrow();
  expect(existsSync(folder.postgres)).toBe(false);
  expect(checkDatabase(folder, true)).toBe(false);
});
