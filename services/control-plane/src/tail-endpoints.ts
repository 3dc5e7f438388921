import type { TailRequest } from '@loguro/types';
import { requireFields } from './datasets/find-dataset.js';
import type { Dataset } from './generated/prisma/client.js';
import { type Answer, datasetEndpoint, type Endpoint } from './http/endpoint.js';
import type { TailService } from './tail/tail-service.js';

/** The two tail operations: of a dataset, and of the default dataset. */
export function tailEndpoints(tails: TailService): Endpoint[] {
  return (['tailDataset', 'tailDefaultDataset'] as const).map((operation) =>
    datasetEndpoint(operation, (request) => answerTail(tails, request)),
  );
}

async function answerTail(
  tails: TailService,
  { dataset, body, signal }: { dataset: Dataset; body: TailRequest; signal: AbortSignal },
): Promise<Answer> {
  const target = { id: dataset.id, projectId: dataset.projectId, fields: requireFields(dataset) };
  return { status: 200, json: await tails.tail(target, body, signal) };
}
