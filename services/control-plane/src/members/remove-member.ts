import { recordAudit } from '../audit/record-audit.js';
import { projectEndpoint } from '../http/endpoint.js';
import { lockMember, requireOtherOwner } from './lock-member.js';

/** Takes away an account's access to the project; from its next request on it is a stranger. */
export const removeMember = projectEndpoint('removeMember', async ({ project, actor, params }, { database }) => {
  await database.prisma.$transaction(async (tx) => {
    const member = await lockMember(tx, project.id, params.accountId);
    await requireOtherOwner(tx, member);
    await tx.projectMember.delete({
      where: { projectId_accountId: { projectId: project.id, accountId: params.accountId } },
    });
    await recordAudit(tx, actor, {
      projectId: project.id,
      action: 'member.remove',
      target: 'member',
      targetId: params.accountId,
      details: { email: member.account.email, role: member.role },
    });
  });
  return { status: 204 };
});
