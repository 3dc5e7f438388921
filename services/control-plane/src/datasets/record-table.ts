import { COLUMN_TYPES, type Field, type Fields, fieldList, RECORDS_SCHEMA, recordTable } from '@loguro/types';
import { escapeIdentifier } from 'pg';
import type { Transaction } from '../database/database.js';
import { ROLES } from '../database/roles.js';

/** The table of a dataset's records, qualified and quoted. */
export function recordTableName(datasetId: number): string {
  return `${escapeIdentifier(RECORDS_SCHEMA)}.${escapeIdentifier(recordTable(datasetId))}`;
}

/**
 * Creates the table of a dataset's records, in the transaction that registers the schema. `__id` tells records
 * with the same timestamp apart; it is the only column that COPY does not fill.
 */
export async function createRecordTable(tx: Transaction, datasetId: number, fields: Fields): Promise<void> {
  for (const statement of createStatements(datasetId, fields)) await tx.$executeRawUnsafe(statement);
}

/** Drops the table; fine when there is none. */
export async function dropRecordTable(tx: Transaction, datasetId: number): Promise<void> {
  await tx.$executeRawUnsafe(`DROP TABLE IF EXISTS ${recordTableName(datasetId)}`);
}

/** The statements that make a record table, in order. */
export function createStatements(datasetId: number, fields: Fields): string[] {
  const table = recordTableName(datasetId);
  const columns = [
    '"timestamp" timestamp with time zone NOT NULL',
    '"context" json NOT NULL',
    '"__traceId" text COLLATE "C" NOT NULL',
    '"__id" bigint GENERATED ALWAYS AS IDENTITY',
    ...fieldList(fields).map(columnOf),
  ];
  return [
    `CREATE TABLE ${table} (${columns.join(', ')})`,
    `CREATE INDEX ON ${table} USING brin ("timestamp")`,
    `GRANT INSERT ON ${table} TO ${escapeIdentifier(ROLES.ingest)}`,
    `GRANT SELECT ON ${table} TO ${escapeIdentifier(ROLES.query)}`,
  ];
}

function columnOf({ name, type, optional }: Field): string {
  return `${escapeIdentifier(name)} ${COLUMN_TYPES[type]}${optional ? '' : ' NOT NULL'}`;
}
