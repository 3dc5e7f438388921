import { normalEmail } from '../accounts/insert-account.js';
import { ADMINISTRATOR } from '../audit/record-audit.js';
import type { Database } from '../database/database.js';
import { insertToken } from '../tokens/insert-token.js';
import { AdminError, requireName } from './create-account.js';

/** What {@link createToken} made. The secret is not stored anywhere. */
export interface CreatedToken {
  account: { id: number; email: string };
  token: { id: number; name: string };
  /** The personal access token, `pat_…`. */
  secret: string;
}

/**
 * Gives an existing account another personal access token, for instance because the only one was lost.
 *
 * @throws AdminError when there is no such account
 */
export async function createToken(database: Database, input: { email: string; name: string }): Promise<CreatedToken> {
  requireName(input.name, 'The token name');
  return database.prisma.$transaction(async (tx) => {
    const account = await tx.account.findUnique({ where: { email: normalEmail(input.email) } });
    if (account === null) throw new AdminError(`There is no account with the address ${normalEmail(input.email)}.`);
    const { token, secret } = await insertToken(tx, ADMINISTRATOR, {
      accountId: account.id,
      name: input.name,
      expiresAt: null,
    });
    return {
      account: { id: account.id, email: account.email },
      token: { id: token.id, name: token.name },
      secret,
    };
  });
}
