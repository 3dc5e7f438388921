import type { ErrorDetail } from '../errors.js';
import type { DatasetDefinition } from '../fields.js';
import { createRecordCheck } from './check-record.js';

/**
 * Everything that is wrong with a record, in the server's words and without asking it; an empty list when nothing is.
 * Unlike the ingest client it fills nothing in: `timestamp` and `context` must be there.
 */
export function validateRecord(definition: DatasetDefinition, record: unknown): ErrorDetail[] {
  return createRecordCheck(definition.fields)(record);
}
