import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loguro/testing';
import { Client } from 'pg';
import { askPrisma } from '../testing/prisma-engine.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('Prisma finds nothing edited, failed or left to apply, and no difference from schema.prisma', async () => {
  expect(await askPrisma(database.ownerUrl)).toEqual({
    edited: [],
    failed: [],
    history: null,
    applied: [],
    difference: '-- This is an empty migration.',
  });
});

test('a column that schema.prisma does not know would be found', async () => {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    await client.query('ALTER TABLE accounts ADD COLUMN extra text');
    expect((await askPrisma(database.ownerUrl)).difference).toContain('DROP COLUMN "extra"');
  } finally {
    await client.end();
  }
});
