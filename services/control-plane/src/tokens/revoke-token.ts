import { recordAudit } from '../audit/record-audit.js';
import { accountEndpoint } from '../http/endpoint.js';
import { lockToken } from './lock-token.js';

/** Ends a token at once, in every process. Revoking it again changes nothing. */
export const revokeToken = accountEndpoint('revokeToken', async ({ caller, actor, params }, { database }) => {
  await database.prisma.$transaction(async (tx) => {
    const token = await lockToken(tx, caller.account.id, params.tokenId);
    if (token.revokedAt !== null) return;
    await tx.personalAccessToken.update({ where: { id: token.id }, data: { revokedAt: new Date() } });
    await recordAudit(tx, actor, {
      projectId: null,
      action: 'token.revoke',
      target: 'token',
      targetId: token.id,
      details: { name: token.name },
    });
  });
  return { status: 204 };
});
