import { accountEndpoint } from '../http/endpoint.js';
import { toProject } from './to-project.js';

/** The projects the account is a member of, oldest first. */
export const listProjects = accountEndpoint('listProjects', async ({ caller }, { database }) => {
  const members = await database.prisma.projectMember.findMany({
    where: { accountId: caller.account.id },
    include: { project: true },
    orderBy: { projectId: 'asc' },
  });
  return { status: 200, body: { projects: members.map(({ project, role }) => toProject(project, role)) } };
});
