import { ApiError, type Fields, sameFields } from '@loguro/types';
import { type Actor, recordAudit } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import type { Dataset } from '../generated/prisma/client.js';
import type { Answer } from '../http/endpoint.js';
import { createRecordTable } from './record-table.js';
import { fieldsOf, storedFields, toDataset, toSchema } from './to-dataset.js';

/** What registering came to. */
export interface Registration {
  dataset: Dataset;
  fields: Fields;
  /** False: the same fields were registered before. */
  created: boolean;
}

/**
 * Registers the fields of a dataset and creates its record table, in one transaction.
 *
 * @param dataset locked, so that of two registrations at once one is first and the other sees it
 * @throws ApiError `schema_conflict` when other fields are registered already
 */
export async function registerFields(
  tx: Transaction,
  actor: Actor,
  dataset: Dataset,
  fields: Fields,
): Promise<Registration> {
  const registered = fieldsOf(dataset);
  if (registered !== null) {
    if (sameFields(registered, fields)) return { dataset, fields: registered, created: false };
    throw new ApiError(
      'schema_conflict',
      'A different schema is registered already, and schemas are immutable. Create another dataset for other fields.',
    );
  }
  await createRecordTable(tx, dataset.id, fields);
  const active = await tx.dataset.update({
    where: { id: dataset.id },
    data: { fields: storedFields(fields), schemaRegisteredAt: new Date() },
  });
  await recordAudit(tx, actor, {
    projectId: dataset.projectId,
    action: 'dataset.register_schema',
    target: 'dataset',
    targetId: dataset.id,
    details: { fields },
  });
  return { dataset: active, fields, created: true };
}

/** The answer to a registration. */
export function registrationAnswer({ dataset, fields, created }: Registration): Answer {
  return { status: created ? 201 : 200, body: { dataset: toDataset(dataset), schema: toSchema(fields) } };
}
