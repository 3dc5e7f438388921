import { projectEndpoint } from '../http/endpoint.js';
import { toDataset } from './to-dataset.js';

/** All datasets of the project, oldest first. */
export const listDatasets = projectEndpoint('listDatasets', async ({ project }, { database }) => {
  const datasets = await database.prisma.dataset.findMany({
    where: { projectId: project.id },
    orderBy: { id: 'asc' },
  });
  return { status: 200, body: { datasets: datasets.map(toDataset) } };
});
