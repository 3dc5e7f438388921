import type { TailRequest } from '@loguro/types';
import { findDataset, findDefaultDataset, requireFields } from './datasets/find-dataset.js';
import type { Dataset } from './generated/prisma/client.js';
import { type Answer, type Endpoint, projectEndpoint } from './http/endpoint.js';
import type { TailService } from './tail/tail-service.js';

/** The two tail operations: of a dataset, and of the default dataset. */
export function tailEndpoints(tails: TailService): Endpoint[] {
  return [
    projectEndpoint('tailDataset', async (request, { database }) =>
      answerTail(tails, await findDataset(database, request.project.id, request.params.datasetId), request),
    ),
    projectEndpoint('tailDefaultDataset', async (request, { database }) =>
      answerTail(tails, await findDefaultDataset(database, request.project.id), request),
    ),
  ];
}

async function answerTail(
  tails: TailService,
  dataset: Dataset,
  { body, signal }: { body: TailRequest; signal: AbortSignal },
): Promise<Answer> {
  const target = { id: dataset.id, projectId: dataset.projectId, fields: requireFields(dataset) };
  return { status: 200, body: await tails.tail(target, body, signal) };
}
