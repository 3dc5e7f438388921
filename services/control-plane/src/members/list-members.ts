import { projectEndpoint } from '../http/endpoint.js';
import { toMember } from './to-member.js';

/** The members of the project, oldest first. */
export const listMembers = projectEndpoint('listMembers', async ({ project }, { database }) => {
  const members = await database.prisma.projectMember.findMany({
    where: { projectId: project.id },
    include: { account: true },
    orderBy: [{ createdAt: 'asc' }, { accountId: 'asc' }],
  });
  return { status: 200, body: { members: members.map(toMember) } };
});
