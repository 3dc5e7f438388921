import { ApiError, roleAtLeast } from '@loguro/types';
import { recordAudit } from '../audit/record-audit.js';
import { lockProjectAs } from '../authorization/still-allowed.js';
import { projectEndpoint } from '../http/endpoint.js';
import { findMember, requireOtherOwner } from './find-member.js';

/**
 * Takes away an account's access to the project; from its next request on it is a stranger. Owners may remove
 * anyone, others may only leave themselves.
 */
export const removeMember = projectEndpoint(
  'removeMember',
  async ({ project, caller, actor, params }, { database }) => {
    const { accountId } = params;
    const leaves = accountId === caller.account.id;
    if (!leaves && !roleAtLeast(project.role, 'owner')) {
      throw new ApiError(
        'forbidden',
        `Removing someone else needs the role "owner"; yours in this project is "${project.role}".`,
      );
    }
    await database.prisma.$transaction(async (tx) => {
      await lockProjectAs(tx, { project, caller }, leaves ? 'viewer' : 'owner');
      const member = await findMember(tx, project.id, accountId);
      await requireOtherOwner(tx, member);
      await tx.projectMember.delete({ where: { projectId_accountId: { projectId: project.id, accountId } } });
      await recordAudit(tx, actor, {
        projectId: project.id,
        action: leaves ? 'member.leave' : 'member.remove',
        target: 'member',
        targetId: accountId,
        details: { email: member.account.email, role: member.role },
      });
    });
    return { status: 204 };
  },
);
