import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { Client } from 'pg';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let owner: Client;
beforeAll(async () => {
  // A moment later, requests give up on a statement on their side, too.
  api = await startTestApi({ LOGURO_STATEMENT_TIMEOUT_MS: '1500' });
  owner = new Client({ connectionString: api.databases.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await api.stop();
});

test('what a dataset is told to keep no longer is deleted, while queries go on and however long it takes', async () => {
  const tenant = await api.tenant();
  const { id: datasetId } = await api.dataset(tenant, { n: 'number' });
  const table = `records.dataset_${datasetId}`;
  await owner.query(
    `INSERT INTO ${table} ("timestamp", "context", "__traceId", n)
     SELECT now() - i * interval '1 hour', '{}', 't', i FROM generate_series(1, 30000) i`,
  );
  const at = { as: tenant.owner, params: { projectSlug: tenant.project.slug, datasetId } };
  await api.call('updateDataset', { ...at, body: { retentionDays: 10 }, expect: 200 });
  const everything = { range: { from: '2000-01-01T00:00:00Z' } };
  const count = async () =>
    (await api.call('queryDataset', { ...at, body: everything, expect: 200 })).body.rows[0].count;
  const holder = new Client({ connectionString: api.databases.ownerUrl });
  await holder.connect();
  try {
    // Lets everybody read, and nobody delete.
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${table} IN SHARE MODE`);
    api.maintenance.start();
    const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'DELETE FROM%dataset_${datasetId}"%'
                      AND wait_event_type = 'Lock' AND now() - query_start > interval '3 seconds'`;
    const long = async () => {
      expect(await count()).toBe(30_000);
      return (await owner.query(waits)).rowCount === 1;
    };
    await waitFor(long, { timeoutMs: 25_000, what: 'the deletion to have waited for longer than a request may' });
    await holder.query('ROLLBACK');
    await waitFor(async () => (await count()) <= 240, { timeoutMs: 10_000, what: 'the records to be deleted' });
    expect(await count()).toBeGreaterThanOrEqual(239);
  } finally {
    await holder.end();
  }
}, 60_000);
