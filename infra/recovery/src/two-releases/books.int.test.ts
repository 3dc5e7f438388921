import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withClient } from '@loguro/servers';
import { createTestDatabase, type TestDatabase } from '@loguro/testing';
import { accountsFor } from './books.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await withClient(database.ownerUrl, (client) =>
    client.query(`CREATE TABLE records.dataset_1 AS SELECT unnest(ARRAY[1, 2, 2, 5]::numeric[]) AS number;
                  CREATE TABLE records.dataset_2 AS SELECT 1::numeric AS number`),
  );
});
afterAll(() => database.drop());

const accepted = (dataset: number, ...numbers: number[]) => numbers.map((number) => ({ dataset, number }));

test('books that agree have nothing to say', async () => {
  expect(await accountsFor(database, accepted(2, 1), 100)).toEqual([]);
});

test('what was lost, doubled, or never accepted is found', async () => {
  expect(await accountsFor(database, [...accepted(1, 1, 2, 3, 4), ...accepted(2, 1)], 100)).toEqual([
    'the books: 2 records were accepted and are not stored',
    'the books: 1 records are stored more than once',
    'the books: 1 records are stored that were not accepted',
  ]);
});
