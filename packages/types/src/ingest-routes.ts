import { Type } from 'typebox';
import {
  BatchBody,
  DryRunAnswer,
  IngestBatchQuery,
  IngestOneQuery,
  QueuedAnswer,
  Receipt,
  ReceiptQuery,
  RecordBody,
} from './ingest.js';
import type { RouteContract } from './routes.js';

type IngestRoute = Omit<RouteContract, 'surface' | 'operationId'>;

const common = {
  tag: 'Ingest',
  method: 'POST',
  credential: 'project_key',
  success: {
    200: {
      description: 'With `dry_run=true`: checked, nothing queued. With `wait=stored`: the records can be queried.',
      schema: Type.Union([DryRunAnswer, QueuedAnswer]),
    },
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
  getReceipt: {
    tag: 'Ingest',
    method: 'GET',
    path: '/datasets/{datasetId}/receipts/{receiptId}',
    summary: 'Read what became of records',
    credential: 'project_key',
    query: ReceiptQuery,
    success: {
      200: { description: 'What is known.', schema: Receipt },
      202: { description: 'With `wait=stored`: still queued when the time was up.', schema: Receipt },
    },
    errors: ['receipt_not_found', 'schema_not_found', 'origin_not_allowed'],
  },
} as const satisfies Record<string, IngestRoute>;

export type IngestOperation = keyof typeof INGEST_ROUTES;
