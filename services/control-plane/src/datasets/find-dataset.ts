import { ApiError, type Fields } from '@loguro/types';
import type { Database } from '../database/database.js';
import type { Dataset } from '../generated/prisma/client.js';
import { fieldsOf } from './to-dataset.js';

/** Every column under the name that Prisma gives it; one that is missing here is a type error. */
const COLUMN_OF: Record<keyof Dataset, string> = {
  id: 'id',
  projectId: 'project_id',
  name: 'name',
  slug: 'slug',
  description: 'description',
  isDefault: 'is_default',
  fields: 'fields',
  schemaRegisteredAt: 'schema_registered_at',
  retentionDays: 'retention_days',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const COLUMNS = Object.entries(COLUMN_OF)
  .map(([name, column]) => `${column} AS "${name}"`)
  .join(', ');

// Datasets are looked up before every query, so these are named statements of plain SQL: through Prisma's query
// compiler the same took 3.5 times as long.
const BY_ID = { name: 'dataset-by-id', text: `SELECT ${COLUMNS} FROM datasets WHERE project_id = $1 AND id = $2` };
const DEFAULT = {
  name: 'default-dataset',
  text: `SELECT ${COLUMNS} FROM datasets WHERE project_id = $1 AND is_default`,
};

/** @throws ApiError `dataset_not_found` alike for one that does not exist and one of another project */
export async function findDataset({ pool }: Database, projectId: number, datasetId: number): Promise<Dataset> {
  const { rows } = await pool.query<Dataset>({ ...BY_ID, values: [projectId, datasetId] });
  if (rows[0] === undefined) throw new ApiError('dataset_not_found', 'Dataset not found');
  return rows[0];
}

/**
 * The project's default dataset. A project without one answers as if that had no schema yet: registering one is
 * what creates it.
 *
 * @throws ApiError `schema_not_found`
 */
export async function findDefaultDataset({ pool }: Database, projectId: number): Promise<Dataset> {
  const { rows } = await pool.query<Dataset>({ ...DEFAULT, values: [projectId] });
  if (rows[0] === undefined) throw schemaNotFound();
  return rows[0];
}

/** @throws ApiError `schema_not_found` */
export function requireFields(dataset: Dataset): Fields {
  const fields = fieldsOf(dataset);
  if (fields === null) throw schemaNotFound();
  return fields;
}

function schemaNotFound(): ApiError {
  return new ApiError('schema_not_found', 'Dataset schema not found');
}
