import { RECORDS_SCHEMA, recordTable } from '@loguro/types';
import type { Step } from './copy-transaction.js';

/** A row of the ledger. */
export interface LedgerRow {
  chunk_id: string;
  records: number;
  dead: number;
  discarded: number;
  /** The worker that wrote it; PostgreSQL sends bigint as text. */
  worker: string | null;
}

/** What a chunk enters the ledger with. */
export interface LedgerEntry {
  id: string;
  dataset: number;
  records: number;
  dead?: number;
  discarded?: number;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a chunk id is a UUID: ids become SQL text below. */
function isUuid(id: string): boolean {
  return UUID.test(id);
}

/**
 * Enters chunks as text, because a simple Query message has no parameters: ids were checked with
 * {@link isUuid}, the rest are numbers. Fails as a unique violation when one of them is in there.
 */
export function ledgerInsert(entries: readonly LedgerEntry[], worker: number): string {
  const rows = entries.map(({ id, dataset, records, dead = 0, discarded = 0 }) => {
    if (!isUuid(id)) throw new Error('A chunk id is not a UUID.');
    return `('${id}',${[dataset, records, dead, discarded, worker].map(integer).join(',')})`;
  });
  return `INSERT INTO ingest.committed_chunks (chunk_id,dataset_id,records,dead,discarded,worker) VALUES ${rows.join(',')}`;
}

/** Fills a dataset's table; `columns` is a list of quoted names, in the order of the lines' values. */
export function copyStep(dataset: number, columns: string, lines: readonly Buffer[]): Step {
  return { sql: `COPY ${RECORDS_SCHEMA}.${recordTable(integer(dataset))} (${columns}) FROM STDIN`, lines };
}

/** Rows of the ledger for given chunks. */
export const SELECT_COMMITTED = `
  SELECT chunk_id, records, dead, discarded, worker FROM ingest.committed_chunks WHERE chunk_id = ANY($1::uuid[])`;

/** Which of the given datasets still exist. */
export const SELECT_DATASETS = 'SELECT id FROM ingest.datasets WHERE id = ANY($1::int[])';

/** Puts records among the dead letters; arrays of lines, SQLSTATEs and reasons. */
export const INSERT_DEAD = `
  INSERT INTO ingest.dead_letters (chunk_id, dataset_id, line, sqlstate, reason)
  SELECT $1, $2, line, sqlstate, reason FROM unnest($3::text[], $4::text[], $5::text[]) AS bad (line, sqlstate, reason)`;

function integer(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('A number of a chunk is not a whole number.');
  return value;
}
