import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loguro/testing';
import pg from 'pg';
import { createDataset } from '../testing/dataset.js';
import { DatabaseLane } from './database-lane.js';
import { DatasetColumns } from './dataset-columns.js';

let database: TestDatabase;
let owner: pg.Pool;
let lane: DatabaseLane;
beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
  lane = new DatabaseLane({ url: database.ingestUrl, statementTimeoutMs: 5000, lockTimeoutMs: 5000 });
});
afterEach(async () => {
  await lane.close();
  await owner.end();
  await database.drop();
});

test('what is learned for a group pushes nothing out that the group needs', async () => {
  const ids: number[] = [];
  for (let n = 0; n < 4; n += 1) ids.push((await createDataset(owner)).id);
  const [oldest, second, third, fresh] = ids as [number, number, number, number];
  const columns = new DatasetColumns(3);
  await columns.learn([oldest], lane);
  await columns.learn([second, third], lane);
  expect(await columns.learn([oldest, fresh], lane)).toEqual(new Set());
  expect(columns.of(oldest)).toBe(columns.of(fresh));
});
