import { recordAudit } from '../audit/record-audit.js';
import { projectEndpoint } from '../http/endpoint.js';
import { lastUses } from './last-uses.js';
import { lockKey } from './lock-key.js';
import { originsFor } from './origins.js';
import { toKey } from './to-key.js';

/** Renames a key, or changes where a browser key may be used from. */
export const updateKey = projectEndpoint('updateKey', async ({ project, actor, params, body }, { database }) => {
  const { key, lastUsedAt } = await database.prisma.$transaction(async (tx) => {
    const before = await lockKey(tx, project.id, params.keyId);
    const change = {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.allowedOrigins !== undefined && { allowedOrigins: originsFor(before.kind, body.allowedOrigins) }),
    };
    const after = await tx.projectKey.update({ where: { id: before.id }, data: change });
    await recordAudit(tx, actor, {
      projectId: project.id,
      action: 'key.update',
      target: 'key',
      targetId: before.id,
      details: { before: { name: before.name, allowedOrigins: before.allowedOrigins }, after: change },
    });
    return { key: after, lastUsedAt: (await lastUses(tx, [after.id])).get(after.id) ?? null };
  });
  return { status: 200, body: { key: toKey(key, lastUsedAt) } };
});
