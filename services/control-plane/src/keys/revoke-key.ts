import { recordAudit } from '../audit/record-audit.js';
import { projectEndpoint } from '../http/endpoint.js';
import { lockKey } from './lock-key.js';

/** Ends a key at once; ingest hears of it with the commit. Revoking it again changes nothing. */
export const revokeKey = projectEndpoint('revokeKey', async ({ project, actor, params }, { database }) => {
  await database.prisma.$transaction(async (tx) => {
    const key = await lockKey(tx, project.id, params.keyId);
    if (key.revokedAt !== null) return;
    await tx.projectKey.update({ where: { id: key.id }, data: { revokedAt: new Date() } });
    await recordAudit(tx, actor, {
      projectId: project.id,
      action: 'key.revoke',
      target: 'key',
      targetId: key.id,
      details: { name: key.name, kind: key.kind },
    });
  });
  return { status: 204 };
});
