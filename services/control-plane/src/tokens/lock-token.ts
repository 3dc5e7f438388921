import type { Caller } from '../authorization/authorize.js';
import { requireLiveToken } from '../authorization/still-allowed.js';
import type { Transaction } from '../database/database.js';
import type { PersonalAccessToken } from '../generated/prisma/client.js';
import { notFound } from '../http/path.js';

/**
 * A token of the account, locked until the transaction ends.
 *
 * @throws ApiError `token_not_found`
 */
export async function lockToken(tx: Transaction, accountId: number, tokenId: number): Promise<PersonalAccessToken> {
  await tx.$queryRaw`SELECT 1 FROM personal_access_tokens WHERE id = ${tokenId} AND account_id = ${accountId} FOR UPDATE`;
  const token = await tx.personalAccessToken.findFirst({ where: { id: tokenId, accountId } });
  if (token === null) throw notFound('tokenId');
  return token;
}

/**
 * The same for a change that is only made while the token of the call is good; both are locked.
 *
 * @throws ApiError `token_not_found`, or `revoked_credential` when the token of the call was revoked meanwhile
 */
export async function lockTokenWith(tx: Transaction, caller: Caller, tokenId: number): Promise<PersonalAccessToken> {
  // In one order for all: of two that rotate each other's token, one waits for the other.
  await tx.$queryRaw`
    SELECT 1 FROM personal_access_tokens
     WHERE id IN (${tokenId}, ${caller.token.id}) AND account_id = ${caller.account.id} ORDER BY id FOR UPDATE`;
  await requireLiveToken(tx, caller);
  return lockToken(tx, caller.account.id, tokenId);
}
