import { projectEndpoint } from '../http/endpoint.js';
import { lastUses } from './last-uses.js';
import { toKey } from './to-key.js';

/** All keys of the project, newest first, those that have ended included. */
export const listKeys = projectEndpoint('listKeys', async ({ project }, { database }) => {
  const keys = await database.prisma.projectKey.findMany({
    where: { projectId: project.id },
    orderBy: { id: 'desc' },
  });
  const uses = await lastUses(
    database.prisma,
    keys.map(({ id }) => id),
  );
  return { status: 200, body: { keys: keys.map((key) => toKey(key, uses.get(key.id) ?? null)) } };
});
