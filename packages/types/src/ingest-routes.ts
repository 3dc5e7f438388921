import { BatchBody, DryRunAnswer, IngestBatchQuery, IngestOneQuery, QueuedAnswer, RecordBody } from './ingest.js';
import type { RouteContract } from './routes.js';

type IngestRoute = Omit<RouteContract, 'surface' | 'operationId'>;

const common = {
  tag: 'Ingest',
  method: 'POST',
  credential: 'project_key',
  success: {
    200: { description: 'Only with `dry_run=true`: checked, nothing queued.', schema: DryRunAnswer },
    202: { description: 'Safely queued; will be stored exactly once.', schema: QueuedAnswer },
  },
  errors: [
    'invalid_record',
    'dataset_not_found',
    'schema_not_found',
    'dataset_id_conflict',
    'origin_not_allowed',
    'idempotency_key_reused',
    'overloaded',
  ],
} as const;
const one = { ...common, query: IngestOneQuery, body: RecordBody } as const;
const batch = {
  ...common,
  query: IngestBatchQuery,
  body: BatchBody,
  bodyTypes: ['application/json', 'application/x-ndjson'],
} as const;

/** The ingest surface's routes by operation id. */
export const INGEST_ROUTES = {
  ingestRecord: { ...one, path: '/datasets/{datasetId}', summary: 'Ingest one record' },
  ingestBatch: { ...batch, path: '/datasets/{datasetId}/batch', summary: 'Ingest many records' },
  ingestDefaultRecord: {
    ...one,
    path: '/datasets',
    summary: 'Ingest one record into the default dataset, or the one X-Loguro-Dataset-Id names',
  },
  ingestDefaultBatch: {
    ...batch,
    path: '/datasets/batch',
    summary: 'Ingest many records into the default dataset, or the one X-Loguro-Dataset-Id names',
  },
} as const satisfies Record<string, IngestRoute>;

export type IngestOperation = keyof typeof INGEST_ROUTES;
