import { ApiError } from '@loguro/types';
import { dropRecordTable } from '../datasets/record-table.js';
import type { Dataset } from '../generated/prisma/client.js';
import type { StopQueries } from '../query/stop-queries.js';
import type { Database, Transaction } from './database.js';
import { SQL_STATE, sqlState } from './sql-state.js';

/**
 * Makes changes to a project's members, datasets or keys take turns until the transaction ends. Inserts that
 * merely refer to the project are not held up.
 *
 * @throws ApiError `project_not_found` when it was deleted meanwhile
 */
export async function lockProject(tx: Transaction, projectId: number): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM projects WHERE id = ${projectId} FOR NO KEY UPDATE`;
  if (rows.length === 0) throw new ApiError('project_not_found', 'Project not found');
}

/**
 * The dataset, locked until the transaction ends.
 *
 * @throws ApiError `dataset_not_found`
 */
export async function lockDataset(tx: Transaction, projectId: number, datasetId: number): Promise<Dataset> {
  await tx.$queryRaw`SELECT 1 FROM datasets WHERE id = ${datasetId} AND project_id = ${projectId} FOR UPDATE`;
  const dataset = await tx.dataset.findFirst({ where: { id: datasetId, projectId } });
  if (dataset === null) throw new ApiError('dataset_not_found', 'Dataset not found');
  return dataset;
}

/**
 * How long DROP TABLE waits for those who use the table. While it waits, new COPYs queue behind it, so it is
 * short; and shorter than PostgreSQL's `deadlock_timeout` (1 s), so that of a DROP and a COPY that wait for each
 * other it is always the DROP that gives way.
 */
const LOCK_TIMEOUT_MS = 800;
const ATTEMPTS = 8;
/** After so many attempts queries are not waited for any longer: a stream may take ten minutes. */
const PATIENT_ATTEMPTS = 3;
const GAVE_WAY: readonly (string | null)[] = [SQL_STATE.lockNotAvailable, SQL_STATE.deadlockDetected];

/** What {@link withExclusiveTables} needs. */
export interface ExclusiveTablesOptions {
  database: Database;
  /** Ends the queries that read the record tables of these datasets. */
  stopQueries: StopQueries;
}

/**
 * Runs a transaction that drops record tables: it gives up quickly when one is busy, lets the writers through and
 * tries again, for about ten seconds in all. Queries that are still reading it after some seconds are ended.
 *
 * @param change drops tables with the function it is given
 * @throws ApiError `unavailable` when a table never fell idle; nothing was changed
 */
export async function withExclusiveTables<T>(
  { database: { prisma }, stopQueries }: ExclusiveTablesOptions,
  change: (tx: Transaction, drop: (datasetId: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const dropped: number[] = [];
    try {
      return await prisma.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
        return await change(tx, async (datasetId) => {
          dropped.push(datasetId);
          await dropRecordTable(tx, datasetId);
        });
      });
    } catch (error) {
      if (!GAVE_WAY.includes(sqlState(error))) throw error;
      if (attempt === ATTEMPTS) {
        throw new ApiError('unavailable', 'The records are in use all the time; nothing was deleted. Try again.', {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50 * attempt + Math.random() * 100));
      if (attempt >= PATIENT_ATTEMPTS) await stopQueries(dropped);
    }
  }
}
