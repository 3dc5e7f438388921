import { ApiError } from '@loguro/types';
import { normalEmail } from '../accounts/insert-account.js';
import { recordAudit } from '../audit/record-audit.js';
import { lockProjectAs } from '../authorization/still-allowed.js';
import { projectEndpoint } from '../http/endpoint.js';
import { toMember } from './to-member.js';

/** Gives an existing account a role in the project. */
export const addMember = projectEndpoint('addMember', async ({ project, caller, actor, body }, { database }) => {
  const member = await database.prisma.$transaction(async (tx) => {
    await lockProjectAs(tx, { project, caller }, 'owner');
    const account = await tx.account.findUnique({ where: { email: normalEmail(body.email) } });
    if (account === null) throw new ApiError('account_not_found', 'No account has this e-mail address.');
    const key = { projectId: project.id, accountId: account.id };
    const existing = await tx.projectMember.findUnique({ where: { projectId_accountId: key } });
    if (existing !== null) {
      throw new ApiError('already_member', `This account is a member already, with the role "${existing.role}".`);
    }
    const added = await tx.projectMember.create({ data: { ...key, role: body.role }, include: { account: true } });
    await recordAudit(tx, actor, {
      projectId: project.id,
      action: 'member.add',
      target: 'member',
      targetId: account.id,
      details: { email: account.email, role: body.role },
    });
    return added;
  });
  return { status: 201, body: { member: toMember(member) } };
});
