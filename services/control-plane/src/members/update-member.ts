import { recordAudit } from '../audit/record-audit.js';
import { lockProjectAs } from '../authorization/still-allowed.js';
import { projectEndpoint } from '../http/endpoint.js';
import { findMember, requireOtherOwner } from './find-member.js';
import { toMember } from './to-member.js';

/** Changes a member's role. */
export const updateMember = projectEndpoint(
  'updateMember',
  async ({ project, caller, actor, params, body }, { database }) => {
    const member = await database.prisma.$transaction(async (tx) => {
      await lockProjectAs(tx, { project, caller }, 'owner');
      const before = await findMember(tx, project.id, params.accountId);
      if (body.role !== 'owner') await requireOtherOwner(tx, before);
      const after = await tx.projectMember.update({
        where: { projectId_accountId: { projectId: project.id, accountId: params.accountId } },
        data: { role: body.role },
        include: { account: true },
      });
      await recordAudit(tx, actor, {
        projectId: project.id,
        action: 'member.update',
        target: 'member',
        targetId: params.accountId,
        details: { email: before.account.email, before: { role: before.role }, after: { role: after.role } },
      });
      return after;
    });
    return { status: 200, body: { member: toMember(member) } };
  },
);
