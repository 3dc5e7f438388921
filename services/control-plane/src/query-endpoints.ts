import { findDataset, findDefaultDataset, requireFields } from './datasets/find-dataset.js';
import { type Endpoint, projectEndpoint } from './http/endpoint.js';
import type { QueryService } from './query/query-service.js';

/** The two query operations: of a dataset, and, on the legacy path, of the default dataset. */
export function queryEndpoints(queries: QueryService): Endpoint[] {
  return [
    projectEndpoint('queryDataset', async ({ project, params, body, signal }, { database }) => {
      const dataset = await findDataset(database, project.id, params.datasetId);
      const target = { id: dataset.id, projectId: project.id, fields: requireFields(dataset) };
      return { status: 200, body: await queries.run(target, body, signal) };
    }),
    projectEndpoint('queryDefaultDataset', async ({ project, body, signal }, { database }) => {
      const dataset = await findDefaultDataset(database, project.id);
      const target = { id: dataset.id, projectId: project.id, fields: requireFields(dataset) };
      return { status: 200, body: await queries.run(target, body, signal) };
    }),
  ];
}
