import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type PrivatePostgres, startPostgres, waitFor } from '@loguro/testing';
import { freeze } from '../testing/freeze.js';
import { DatabaseLane } from './database-lane.js';

/** Far below what a server is given to answer. */
const SOON = { timeoutMs: 5000 };

let postgres: PrivatePostgres;
let lane: DatabaseLane;
let thaw: () => void = () => undefined;
beforeEach(async () => {
  postgres = await startPostgres();
  const { ingestUrl } = await postgres.createDatabase();
  lane = new DatabaseLane({ url: ingestUrl, statementTimeoutMs: 60_000, lockTimeoutMs: 60_000 });
  expect(await lane.run([{ sql: 'SELECT 1' }])).toBeNull();
  thaw = freeze(postgres.pid);
});
afterEach(async () => {
  thaw();
  await lane.close();
  await postgres.stop();
});

test('closing does not wait for a server that hangs', async () => {
  let closed = false;
  void lane.close().then(() => {
    closed = true;
  });
  await waitFor(() => closed, { ...SOON, what: 'the connection to be closed' });
});

test('hanging up fails what waits for a server that hangs, as a failure of the connection', async () => {
  let code: string | undefined | null = null;
  void lane.run([{ sql: 'SELECT 1' }]).then((failure) => {
    code = failure?.error.code;
  });
  await turn();
  expect(code).toBeNull();
  lane.hangUp();
  await waitFor(() => code === undefined, { ...SOON, what: 'the statement to fail' });
});
