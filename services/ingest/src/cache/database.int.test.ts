import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, forwardTo, type ServerForwarder, type TestDatabase, waitFor } from '@loguro/testing';
import pg from 'pg';
import { openDatabase } from './database.js';

let database: TestDatabase;
let owner: pg.Client;
let network: ServerForwarder;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client(database.ownerUrl);
  await owner.connect();
  network = await forwardTo(database.ingestUrl);
});
afterAll(async () => {
  await network.close();
  await owner.end();
  await database.drop();
});

async function sleeping(): Promise<boolean> {
  const { rowCount } = await owner.query(
    "SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(0.8)' AND state = 'active' AND datname = current_database()",
  );
  return rowCount === 1;
}

test('a connection that breaks in the middle of a statement costs that statement, not the process', async () => {
  const logger = { warn: () => undefined };
  const under = openDatabase({ connectionString: network.url, logger });
  const answer = under.query('SELECT pg_sleep(0.8)');
  const refused = expect(answer).rejects.toMatchObject({ code: 'unavailable' });
  await waitFor(sleeping, { what: 'the statement to run' });
  network.cut();
  await refused;
  network.restore();
  expect(await under.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  // The statement that nobody waits for would keep the database from being dropped.
  await waitFor(async () => !(await sleeping()), { what: 'the statement to end' });
  await under.close();
});
