import { projectEndpoint } from '../http/endpoint.js';
import { findDataset, requireFields } from './find-dataset.js';
import { toSchema } from './to-dataset.js';

export const readSchema = projectEndpoint('readSchema', async ({ project, params }, { database }) => {
  const dataset = await findDataset(database, project.id, params.datasetId);
  return { status: 200, body: { schema: toSchema(requireFields(dataset)) } };
});
