import { projectEndpoint } from '../http/endpoint.js';
import { findDefaultDataset, requireFields } from './find-dataset.js';
import { toSchema } from './to-dataset.js';

export const readDefaultSchema = projectEndpoint('readDefaultSchema', async ({ project }, { database }) => {
  const dataset = await findDefaultDataset(database, project.id);
  return { status: 200, body: { schema: toSchema(requireFields(dataset)) } };
});
