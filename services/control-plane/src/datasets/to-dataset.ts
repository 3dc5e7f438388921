import type { Dataset, Fields, Schema } from '@loguro/types';
import type { Dataset as DatasetRow, Prisma } from '../generated/prisma/client.js';

/** Schemas are immutable, so there is only ever the first. */
const VERSION = 1;

/** A dataset as the API shows it. */
export function toDataset(row: DatasetRow): Dataset {
  const fields = fieldsOf(row);
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    description: row.description,
    isDefault: row.isDefault,
    schema: fields && toSchema(fields),
    status: fields === null ? 'pending_schema' : 'active',
    retentionDays: row.retentionDays,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** Registered fields as the API shows them. */
export function toSchema(fields: Fields): Schema {
  return { version: VERSION, fields };
}

/** The registered fields in the order of registration; null when there are none yet. */
export function fieldsOf({ fields }: Pick<DatasetRow, 'fields'>): Fields | null {
  // Written by storedFields alone; the column has no other writer.
  return fields === null ? null : (Object.fromEntries(fields as [string, string][]) as Fields);
}

/** Fields as they are stored: pairs, because jsonb does not keep the order of an object's keys. */
export function storedFields(fields: Fields): Prisma.InputJsonArray {
  return Object.entries(fields);
}
