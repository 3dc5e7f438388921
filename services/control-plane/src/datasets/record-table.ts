import { COLUMN_TYPES, type Field, type Fields, fieldList, RECORDS_SCHEMA, recordTable } from '@loguro/types';
import { escapeIdentifier } from 'pg';
import type { Transaction } from '../database/database.js';
import { ROLES } from '../database/roles.js';

/** The table of a dataset's records, qualified and quoted. */
export function recordTableName(datasetId: number): string {
  return qualified(recordTable(datasetId));
}

/** The index of a record table, qualified and quoted. */
export function recordIndexName(datasetId: number): string {
  return qualified(`${recordTable(datasetId)}_timestamp`);
}

/** Creates the table of a dataset's records, in the transaction that registers the schema. */
export async function createRecordTable(tx: Transaction, datasetId: number, fields: Fields): Promise<void> {
  for (const statement of createStatements(datasetId, fields)) await tx.$executeRawUnsafe(statement);
}

/** Drops the table; fine when there is none. */
export async function dropRecordTable(tx: Transaction, datasetId: number): Promise<void> {
  await tx.$executeRawUnsafe(`DROP TABLE IF EXISTS ${recordTableName(datasetId)}`);
}

/**
 * The statements that make a record table, in order.
 *
 * The one index is BRIN: it costs the load about 5 %, where a B-tree on the timestamp costs 25 to 30 %. It keeps
 * several intervals for each 64 pages (minmax_multi), so that late records, and clocks that are years off, do not
 * blur it: with one wild timestamp in a thousand records, plain minmax reads the whole table for every range.
 * Queries read the newest rows through windows of time, see query/compile/windows.ts.
 */
export function createStatements(datasetId: number, fields: Fields): string[] {
  const table = recordTableName(datasetId);
  const index = escapeIdentifier(`${recordTable(datasetId)}_timestamp`);
  return [
    `CREATE TABLE ${table} (${columnsOf(fields).join(', ')})`,
    `CREATE INDEX ${index} ON ${table} USING brin ("timestamp" timestamptz_minmax_multi_ops)
       WITH (pages_per_range = 64)`,
    ...BUCKETS.map((expression, i) => {
      const name = qualified(`${recordTable(datasetId)}_bucket_${i + 1}`);
      return `CREATE STATISTICS ${name} ON (${expression}) FROM ${table}`;
    }),
    `GRANT INSERT ON ${table} TO ${escapeIdentifier(ROLES.ingest)}`,
    `GRANT SELECT ON ${table} TO ${escapeIdentifier(ROLES.query)}`,
  ];
}

/**
 * The time buckets of queries in UTC, written as queries write them. Without statistics on the expression the
 * planner takes every record for a bucket of its own, and sorts instead of hashing.
 */
const BUCKETS = ['1 minute', '1 hour', '1 day', '7 days'].map(
  (span) => `date_bin('${span}'::interval, "timestamp", '0001-01-01 00:00:00+00'::timestamptz)`,
);

/**
 * Columns in the order that is read fastest: those of fixed width first, the always-present before the optional
 * ones, and what queries seldom touch last. COPY names its columns, so their order is free.
 */
function columnsOf(fields: Fields): string[] {
  const rank = ({ type, optional }: Field) =>
    (type === 'string' ? 4 : 0) + (optional ? 2 : 0) + (type === 'boolean' ? 1 : 0);
  const declared = fieldList(fields).sort((a, b) => rank(a) - rank(b));
  return [
    '"timestamp" timestamp with time zone NOT NULL',
    ...declared.map(columnOf),
    '"__traceId" text COLLATE "C" NOT NULL',
    '"context" json NOT NULL',
  ];
}

function columnOf({ name, type, optional }: Field): string {
  return `${escapeIdentifier(name)} ${COLUMN_TYPES[type]}${optional ? '' : ' NOT NULL'}`;
}

function qualified(name: string): string {
  return `${escapeIdentifier(RECORDS_SCHEMA)}.${escapeIdentifier(name)}`;
}
