import { createTestDatabase } from '@loguro/testing';
import type { Fields } from '@loguro/types';
import { Client } from 'pg';
import { createStatements, recordTableName } from '../../datasets/record-table.js';
import { createQueryPool } from '../query-pool.js';
import { createQueryService, type QueryServiceOptions, type QueryTarget } from '../query-service.js';
import { parsedQueries } from './parsed.js';

/** A record as a test writes it: the values of its columns. */
export type TestRecord = Record<string, unknown> & { timestamp: string };

/** Opens a database with record tables, and the query service on it as the role loguro_query. */
export async function createQueryFixture(options: Partial<QueryServiceOptions> & { poolSize?: number } = {}) {
  const database = await createTestDatabase();
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  const pool = createQueryPool({
    url: database.queryUrl,
    poolSize: options.poolSize ?? 6,
    connectTimeoutMs: 2000,
    statementTimeoutMs,
  });
  const service = parsedQueries(createQueryService({ pool, statementTimeoutMs, ...options }));
  let datasets = 0;
  let made: Promise<void> = Promise.resolve();
  return {
    database,
    owner,
    pool,
    service,
    /** A dataset's table with these records. */
    async dataset(fields: Fields, records: readonly TestRecord[] = [], projectId = 1): Promise<QueryTarget> {
      datasets += 1;
      const target = { id: datasets, projectId, fields };
      // The one connection takes one after the other, whoever asks.
      made = made.then(async () => {
        await createTable(owner, target);
        await insertRecords(owner, target, records);
      });
      await made;
      return target;
    },
    async close() {
      await service.close();
      await pool.end();
      await owner.end();
      await database.drop();
    },
  };
}

async function createTable(owner: Client, { id, fields }: QueryTarget): Promise<void> {
  for (const statement of createStatements(id, fields)) await owner.query(statement);
}

/** Adds records to a dataset; `context` is empty unless a record has one. */
export async function insertRecords(
  owner: Client,
  { id, fields }: QueryTarget,
  records: readonly TestRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const names = ['timestamp', 'context', '__traceId', ...Object.keys(fields)];
  const list = names.map((name) => `"${name}"`).join(', ');
  const table = recordTableName(id);
  // As JSON each value keeps its type, and a batch is one parameter.
  const rows = records.map((record) => ({ context: {}, __traceId: 'test', ...record }));
  await owner.query(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM json_populate_recordset(NULL::${table}, $1::json)`,
    [JSON.stringify(rows)],
  );
}
