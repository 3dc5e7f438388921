import { type CommandResult, type Environment, parseOptions } from '@loguro/types/operations';
import type { Pool } from 'pg';
import { recordTableName } from '../datasets/record-table.js';
import { withDatabase } from './with-database.js';

/** What a dataset keeps, and whether it is kept to that. */
export interface RetentionStatus {
  project: string;
  dataset: number;
  name: string;
  /** null: records are kept. */
  retentionDays: number | null;
  /** Of its table with indexes, in bytes. */
  bytes: number;
  /** As the planner knows it; null before the table was first analysed. */
  approximateRecords: number | null;
  /** Records that should have been deleted more than a day ago: the maintenance does not keep up, or does not run. */
  overdue: boolean;
}

const TABLES = `
  SELECT p.slug AS project, d.id AS dataset, d.name, d.retention_days AS "retentionDays",
         pg_total_relation_size(c.oid)::float8 AS bytes,
         CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS "approximateRecords"
    FROM datasets d JOIN projects p ON p.id = d.project_id
    JOIN pg_class c ON c.relnamespace = 'records'::regnamespace AND c.relname = 'dataset_' || d.id
   ORDER BY p.slug, d.id`;

/** Every dataset that has a table. `pool` is of the control plane's role or the database's owner. */
export async function readRetention(pool: Pick<Pool, 'query'>): Promise<RetentionStatus[]> {
  const { rows } = await pool.query<Omit<RetentionStatus, 'overdue'>>(TABLES);
  const found: RetentionStatus[] = [];
  for (const row of rows) {
    found.push({
      ...row,
      overdue: row.retentionDays !== null && (await isOverdue(pool, row.dataset, row.retentionDays)),
    });
  }
  return found;
}

/** One record is enough, and the index finds it. A day's grace: the maintenance comes by once an hour. */
async function isOverdue(pool: Pick<Pool, 'query'>, dataset: number, days: number): Promise<boolean> {
  const { rows } = await pool.query(
    `SELECT 1 FROM ${recordTableName(dataset)} WHERE "timestamp" < now() - make_interval(days => $1) LIMIT 1`,
    [days + 1],
  );
  return rows.length > 0;
}

/** `retention` */
export async function runRetention(args: readonly string[], env: Environment): Promise<CommandResult> {
  parseOptions(args, {});
  const datasets = await withDatabase(env, ({ pool }) => readRetention(pool));
  const lines = datasets.map(({ project, dataset, name, retentionDays, bytes, approximateRecords, overdue }) => {
    const keeps = retentionDays === null ? 'keeps everything' : `keeps ${retentionDays} days`;
    const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB, about ${approximateRecords ?? 'an unknown number of'} records`;
    return `${project}/${dataset}  ${name}: ${keeps}, ${size}${overdue ? '; records are OVERDUE for deletion' : ''}`;
  });
  const text = lines.length === 0 ? 'No dataset has a table yet.' : lines.join('\n');
  return { json: { datasets }, text, failed: datasets.some(({ overdue }) => overdue) };
}
