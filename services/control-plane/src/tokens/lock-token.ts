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
