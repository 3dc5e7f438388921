import { projectEndpoint } from '../http/endpoint.js';
import { toKey } from './to-key.js';

/** All keys of the project, newest first, those that have ended included. */
export const listKeys = projectEndpoint('listKeys', async ({ project }, { database }) => {
  const keys = await database.prisma.projectKey.findMany({
    where: { projectId: project.id },
    orderBy: { id: 'desc' },
  });
  return { status: 200, body: { keys: keys.map(toKey) } };
});
