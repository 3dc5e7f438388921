import { accountEndpoint } from '../http/endpoint.js';
import { toToken } from '../tokens/to-token.js';

/** Who is calling, and with which token. */
export const readMe = accountEndpoint('readMe', async ({ caller: { account, token } }) => ({
  status: 200,
  body: {
    account: {
      id: account.id,
      email: account.email,
      name: account.name,
      createdAt: account.createdAt.toISOString(),
    },
    token: toToken(token),
  },
}));
