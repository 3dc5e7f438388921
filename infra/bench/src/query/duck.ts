import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';

/** DuckDB with the same rows in a table of its own kind. */
export interface Duck {
  ask(sql: string): Promise<unknown[][]>;
  close(): void;
}

/** Copies a record table into a new DuckDB database in the folder; two threads, as PostgreSQL may use two cores. */
export async function openDuck(ownerUrl: string, table: string, folder: string): Promise<Duck> {
  const file = join(folder, 'rows.csv');
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  const columns = '"timestamp", context, country, plan, amount, active, signup_at';
  const rows = client.query(copyTo(`COPY (SELECT ${columns} FROM ${table}) TO STDOUT (FORMAT csv)`));
  await pipeline(rows, createWriteStream(file));
  await client.end();
  const instance = await DuckDBInstance.create(join(folder, 'rows.duckdb'), { threads: '2' });
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE t AS SELECT * FROM read_csv('${file}', header = false, columns = {
       'timestamp': 'TIMESTAMPTZ', 'context': 'VARCHAR', 'country': 'VARCHAR', 'plan': 'VARCHAR', 'amount': 'DOUBLE',
       'active': 'BOOLEAN', 'signup_at': 'TIMESTAMPTZ' })`,
  );
  return {
    ask: async (sql) => (await connection.runAndReadAll(sql)).getRows(),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
