import { createTestDatabase } from '@loguro/testing';
import { COLUMN_TYPES, type Fields, fieldList, RECORDS_SCHEMA, recordTable } from '@loguro/types';
import { Client } from 'pg';
import { createQueryPool } from '../query-pool.js';
import { createQueryService, type QueryServiceOptions, type QueryTarget } from '../query-service.js';

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
  const service = createQueryService({ pool, statementTimeoutMs, ...options });
  let datasets = 0;
  return {
    database,
    owner,
    pool,
    service,
    /** A dataset's table with these records. */
    async dataset(fields: Fields, records: readonly TestRecord[] = [], projectId = 1): Promise<QueryTarget> {
      datasets += 1;
      const target = { id: datasets, projectId, fields };
      await createTable(owner, target);
      await insertRecords(owner, target, records);
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
  const columns = fieldList(fields).map(
    ({ name, type, optional }) => `"${name}" ${COLUMN_TYPES[type]}${optional ? '' : ' NOT NULL'}`,
  );
  const table = `"${RECORDS_SCHEMA}"."${recordTable(id)}"`;
  await owner.query(
    `CREATE TABLE ${table} ("timestamp" timestamptz NOT NULL, "context" jsonb NOT NULL, "__traceId" text, ${columns.join(', ')})`,
  );
  await owner.query(`GRANT SELECT ON ${table} TO loguro_query`);
}

/** Adds records to a dataset; `context` is empty unless a record has one. */
export async function insertRecords(
  owner: Client,
  { id, fields }: QueryTarget,
  records: readonly TestRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const names = ['timestamp', 'context', ...Object.keys(fields)];
  const list = names.map((name) => `"${name}"`).join(', ');
  // As JSON each value keeps its type, and a batch is one parameter.
  const rows = records.map((record) => ({ context: {}, ...record }));
  await owner.query(
    `INSERT INTO "${RECORDS_SCHEMA}"."${recordTable(id)}" (${list})
     SELECT ${list} FROM json_populate_recordset(NULL::"${RECORDS_SCHEMA}"."${recordTable(id)}", $1::json)`,
    [JSON.stringify(rows)],
  );
}
