import { accountEndpoint } from '../http/endpoint.js';
import { insertProject } from './insert-project.js';
import { toProject } from './to-project.js';

export const createProject = accountEndpoint('createProject', async ({ caller, actor, body }, { database }) => {
  const project = await database.prisma.$transaction((tx) =>
    insertProject(tx, actor, { name: body.name, ownerId: caller.account.id }),
  );
  return { status: 201, body: { project: toProject(project, 'owner') } };
});
