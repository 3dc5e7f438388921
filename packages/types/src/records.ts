import type { FieldBaseType } from './dataset.js';

/** The schema that holds one table per dataset. */
export const RECORDS_SCHEMA = 'records';

/** The table of a dataset's records, unqualified. */
export function recordTable(datasetId: number): string {
  return `dataset_${datasetId}`;
}

/** Columns that every record table starts with and that COPY fills, in COPY order. */
export const RECORD_COLUMNS = ['timestamp', 'context', '__traceId'] as const;

/** The PostgreSQL type of a declared field. Text is ordered by code point, so `COLLATE "C"`. */
export const COLUMN_TYPES: Record<FieldBaseType, string> = {
  string: 'text COLLATE "C"',
  number: 'double precision',
  boolean: 'boolean',
  timestamp: 'timestamp with time zone',
};

/** The channel on which the database announces changes that ingest caches must drop. */
export const CHANGES_CHANNEL = 'loguro_changes';

/** The JSON payload of a notification on {@link CHANGES_CHANNEL}. */
export type Change =
  | { kind: 'project_key'; id: number }
  | { kind: 'dataset'; id: number; project: number }
  | { kind: 'project'; id: number }
  | { kind: 'signing_key'; id: string };
