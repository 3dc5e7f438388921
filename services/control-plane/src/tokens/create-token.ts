import { requireLiveToken } from '../authorization/still-allowed.js';
import { tokenExpiry } from '../credentials/lifetime.js';
import { accountEndpoint } from '../http/endpoint.js';
import { insertToken } from './insert-token.js';
import { toToken } from './to-token.js';

/** Adds a token to the calling account; it ends no later than the token used for the call. */
export const createToken = accountEndpoint('createToken', async ({ caller, actor, body }, { database }) => {
  const expiresAt = tokenExpiry(body.expiresAt, caller.token.expiresAt);
  const { token, secret } = await database.prisma.$transaction(async (tx) => {
    await requireLiveToken(tx, caller);
    return insertToken(tx, actor, { accountId: caller.account.id, name: body.name, expiresAt });
  });
  return { status: 201, body: { token: toToken(token), secret } };
});
