import { recordAudit } from '../audit/record-audit.js';
import { lockProject } from '../database/locks.js';
import { projectEndpoint } from '../http/endpoint.js';
import { toProject } from './to-project.js';

/** Renames the project; its slug stays. */
export const updateProject = projectEndpoint('updateProject', async ({ project, actor, body }, { database }) => {
  const renamed = await database.prisma.$transaction(async (tx) => {
    await lockProject(tx, project.id);
    const before = await tx.project.findUniqueOrThrow({ where: { id: project.id } });
    const after = await tx.project.update({ where: { id: project.id }, data: { name: body.name } });
    await recordAudit(tx, actor, {
      projectId: project.id,
      action: 'project.update',
      target: 'project',
      targetId: project.id,
      details: { before: { name: before.name }, after: { name: after.name } },
    });
    return after;
  });
  return { status: 200, body: { project: toProject(renamed, project.role) } };
});
