import { ApiError, type Fields } from '@loguro/types';
import type { Dataset } from '../generated/prisma/client.js';
import { fieldsOf } from './to-dataset.js';

/** Which of a project's datasets a request is about. */
export type DatasetChoice = { id: number } | 'default';

/** The columns of a dataset in a statement where its table is called `d`; {@link foundDataset} reads them. */
export const DATASET_COLUMNS = `
  d.id AS dataset_id, d.project_id AS dataset_project_id, d.name AS dataset_name, d.slug AS dataset_slug,
  d.description AS dataset_description, d.is_default AS dataset_is_default, d.fields AS dataset_fields,
  d.schema_registered_at AS dataset_schema_registered_at, d.retention_days AS dataset_retention_days,
  d.created_at AS dataset_created_at, d.updated_at AS dataset_updated_at`;

/** A row with these. */
export interface DatasetColumns {
  /** null: there is none. */
  dataset_id: number | null;
  dataset_project_id: number;
  dataset_name: string;
  dataset_slug: string;
  dataset_description: string | null;
  dataset_is_default: boolean;
  dataset_fields: Dataset['fields'];
  dataset_schema_registered_at: Date | null;
  dataset_retention_days: number | null;
  dataset_created_at: Date;
  dataset_updated_at: Date;
}

/** The dataset in a row. */
export function foundDataset(row: DatasetColumns): Dataset | null {
  if (row.dataset_id === null) return null;
  return {
    id: row.dataset_id,
    projectId: row.dataset_project_id,
    name: row.dataset_name,
    slug: row.dataset_slug,
    description: row.dataset_description,
    isDefault: row.dataset_is_default,
    fields: row.dataset_fields,
    schemaRegisteredAt: row.dataset_schema_registered_at,
    retentionDays: row.dataset_retention_days,
    createdAt: row.dataset_created_at,
    updatedAt: row.dataset_updated_at,
  };
}

/**
 * The dataset that was asked for. A project without a default dataset answers as if that had no schema yet:
 * registering one is what creates it.
 *
 * @throws ApiError `dataset_not_found` alike for one that does not exist and one of another project, or `schema_not_found`
 */
export function requireDataset(found: Dataset | null, choice: DatasetChoice | null): Dataset {
  if (found !== null) return found;
  throw choice === 'default' ? schemaNotFound() : new ApiError('dataset_not_found', 'Dataset not found');
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
