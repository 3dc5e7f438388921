import { datasetEndpoint } from '../http/endpoint.js';
import { toDataset } from './to-dataset.js';

export const readDataset = datasetEndpoint('readDataset', async ({ dataset }) => ({
  status: 200,
  body: { dataset: toDataset(dataset) },
}));
