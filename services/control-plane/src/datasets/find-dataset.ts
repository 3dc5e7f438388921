import { ApiError, type Fields } from '@loguro/types';
import type { Database } from '../database/database.js';
import type { Dataset } from '../generated/prisma/client.js';
import { fieldsOf } from './to-dataset.js';

/** @throws ApiError `dataset_not_found` alike for one that does not exist and one of another project */
export async function findDataset({ prisma }: Database, projectId: number, datasetId: number): Promise<Dataset> {
  const dataset = await prisma.dataset.findFirst({ where: { id: datasetId, projectId } });
  if (dataset === null) throw new ApiError('dataset_not_found', 'Dataset not found');
  return dataset;
}

/**
 * The project's default dataset. A project without one answers as if that had no schema yet: registering one is
 * what creates it.
 *
 * @throws ApiError `schema_not_found`
 */
export async function findDefaultDataset({ prisma }: Database, projectId: number): Promise<Dataset> {
  const dataset = await prisma.dataset.findFirst({ where: { projectId, isDefault: true } });
  if (dataset === null) throw schemaNotFound();
  return dataset;
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
