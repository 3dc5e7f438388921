import { projectEndpoint } from '../http/endpoint.js';
import { findDataset } from './find-dataset.js';
import { toDataset } from './to-dataset.js';

export const readDataset = projectEndpoint('readDataset', async ({ project, params }, { database }) => {
  const dataset = await findDataset(database, project.id, params.datasetId);
  return { status: 200, body: { dataset: toDataset(dataset) } };
});
