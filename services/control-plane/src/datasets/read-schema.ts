import { type DatasetRequest, datasetEndpoint } from '../http/endpoint.js';
import { requireFields } from './find-dataset.js';
import { toSchema } from './to-dataset.js';

export const readSchema = datasetEndpoint('readSchema', answerSchema);

/** The legacy path: of the default dataset. */
export const readDefaultSchema = datasetEndpoint('readDefaultSchema', answerSchema);

async function answerSchema({ dataset }: Pick<DatasetRequest, 'dataset'>) {
  return { status: 200, body: { schema: toSchema(requireFields(dataset)) } };
}
