import { accountEndpoint } from '../http/endpoint.js';
import { toToken } from './to-token.js';

/** All tokens of the account, newest first, those that have ended included. */
export const listTokens = accountEndpoint('listTokens', async ({ caller }, { database }) => {
  const tokens = await database.prisma.personalAccessToken.findMany({
    where: { accountId: caller.account.id },
    orderBy: { id: 'desc' },
  });
  return { status: 200, body: { tokens: tokens.map(toToken) } };
});
