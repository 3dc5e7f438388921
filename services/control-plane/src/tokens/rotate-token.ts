import { recordAudit } from '../audit/record-audit.js';
import { earlierEnd, endAfterOverlap, requireActive, successorExpiry } from '../credentials/lifetime.js';
import { accountEndpoint } from '../http/endpoint.js';
import { insertToken } from './insert-token.js';
import { lockTokenWith } from './lock-token.js';
import { toToken } from './to-token.js';

/**
 * Replaces a token by one of the same name and lifetime; the old one ends after the overlap. The successor ends no
 * later than the token used for the call, so a token that expires can't prolong itself.
 */
export const rotateToken = accountEndpoint('rotateToken', async ({ caller, actor, params, body }, { database }) => {
  const overlapSeconds = body.overlapSeconds ?? 0;
  const { token, secret } = await database.prisma.$transaction(async (tx) => {
    const old = await lockTokenWith(tx, caller, params.tokenId);
    requireActive(old);
    const successor = await insertToken(tx, actor, {
      accountId: caller.account.id,
      name: old.name,
      expiresAt: earlierEnd(successorExpiry(old), caller.token.expiresAt),
    });
    await tx.personalAccessToken.update({ where: { id: old.id }, data: endAfterOverlap(old, overlapSeconds) });
    await recordAudit(tx, actor, {
      projectId: null,
      action: 'token.rotate',
      target: 'token',
      targetId: old.id,
      details: { name: old.name, successor: successor.token.id, overlapSeconds },
    });
    return successor;
  });
  return { status: 201, body: { token: toToken(token), secret } };
});
