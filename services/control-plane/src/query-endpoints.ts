import type { Span } from '@loguro/telemetry';
import { ApiError, type Query } from '@loguro/types';
import { requireFields } from './datasets/find-dataset.js';
import type { Dataset } from './generated/prisma/client.js';
import { type Answer, datasetEndpoint, type Endpoint } from './http/endpoint.js';
import type { QueryService } from './query/query-service.js';
import { STREAM_TYPES, type StreamType } from './query/row-formats.js';

/** The two query operations: of a dataset, and, on the legacy path, of the default dataset. */
export function queryEndpoints(queries: QueryService): Endpoint[] {
  return (['queryDataset', 'queryDefaultDataset'] as const).map((operation) =>
    datasetEndpoint(operation, (request) => answerQuery(queries, request)),
  );
}

/** What answering a query takes of the request. */
interface QueryRequest {
  dataset: Dataset;
  body: Query;
  span: Span | null;
  signal: AbortSignal;
  accepts: (types: readonly string[]) => string | null;
}

/** JSON, unless the client prefers rows as CSV or NDJSON. */
async function answerQuery(
  queries: QueryService,
  { dataset, body, span, signal, accepts }: QueryRequest,
): Promise<Answer> {
  const target = { id: dataset.id, projectId: dataset.projectId, fields: requireFields(dataset) };
  const type = accepts(['application/json', ...STREAM_TYPES]);
  const streamed = STREAM_TYPES.find((candidate) => candidate === type);
  if (streamed !== undefined) return streamAnswer(queries, target, streamed, { body, span, signal });
  if (body.explain === true) return { status: 200, body: await queries.explain(target, body, signal) };
  return { status: 200, json: await queries.run(target, body, signal, span) };
}

async function streamAnswer(
  queries: QueryService,
  target: Parameters<QueryService['stream']>[0],
  type: StreamType,
  { body: query, span, signal }: Omit<QueryRequest, 'dataset' | 'accepts'>,
): Promise<Answer> {
  if (query.explain === true) {
    throw new ApiError('invalid_query', 'An explanation is JSON: ask for it with Accept: application/json.', {
      details: [{ path: 'explain', message: 'does not go with CSV or NDJSON' }],
    });
  }
  const { contentType, chunks } = await queries.stream(target, query, type, signal, span);
  return { status: 200, stream: chunks, headers: { 'Content-Type': contentType } };
}
