import { projectEndpoint } from '../http/endpoint.js';
import { insertDataset } from './insert-dataset.js';
import { toDataset } from './to-dataset.js';

/** Adds a dataset without a schema. */
export const createDataset = projectEndpoint('createDataset', async ({ project, actor, body }, { database }) => {
  const dataset = await database.prisma.$transaction((tx) =>
    insertDataset(tx, actor, {
      projectId: project.id,
      name: body.name,
      description: body.description ?? null,
      isDefault: false,
    }),
  );
  return { status: 201, body: { dataset: toDataset(dataset) } };
});
