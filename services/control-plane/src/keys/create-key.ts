import { lockProjectAs } from '../authorization/still-allowed.js';
import { futureExpiry } from '../credentials/lifetime.js';
import { projectEndpoint } from '../http/endpoint.js';
import { insertKey } from './insert-key.js';
import { originsFor } from './origins.js';
import { toKey } from './to-key.js';

export const createKey = projectEndpoint(
  'createKey',
  async ({ project, caller, actor, body }, { database, signingKeys }) => {
    const kind = body.kind ?? 'server';
    const input = {
      projectId: project.id,
      name: body.name,
      kind,
      allowedOrigins: originsFor(kind, body.allowedOrigins),
      expiresAt: futureExpiry(body.expiresAt),
    };
    const signer = await signingKeys.current();
    const { key, secret } = await database.prisma.$transaction(async (tx) => {
      await lockProjectAs(tx, { project, caller }, 'owner');
      return insertKey(tx, actor, signer, input);
    });
    return { status: 201, body: { key: toKey(key, null), secret } };
  },
);
