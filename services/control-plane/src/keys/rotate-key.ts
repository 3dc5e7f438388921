import { recordAudit } from '../audit/record-audit.js';
import { lockProjectAs } from '../authorization/still-allowed.js';
import { endAfterOverlap, requireActive, successorExpiry } from '../credentials/lifetime.js';
import { projectEndpoint } from '../http/endpoint.js';
import { insertKey } from './insert-key.js';
import { lockKey } from './lock-key.js';
import { toKey } from './to-key.js';

/** Replaces a key by one of the same name, kind, origins and lifetime; the old one ends after the overlap. */
export const rotateKey = projectEndpoint(
  'rotateKey',
  async ({ project, caller, actor, params, body }, { database, signingKeys }) => {
    const overlapSeconds = body.overlapSeconds ?? 0;
    const signer = await signingKeys.current();
    const { key, secret } = await database.prisma.$transaction(async (tx) => {
      await lockProjectAs(tx, { project, caller }, 'owner');
      const old = await lockKey(tx, project.id, params.keyId);
      requireActive(old);
      const successor = await insertKey(tx, actor, signer, {
        projectId: project.id,
        name: old.name,
        kind: old.kind,
        allowedOrigins: old.allowedOrigins,
        expiresAt: successorExpiry(old),
      });
      await tx.projectKey.update({ where: { id: old.id }, data: endAfterOverlap(old, overlapSeconds) });
      await recordAudit(tx, actor, {
        projectId: project.id,
        action: 'key.rotate',
        target: 'key',
        targetId: old.id,
        details: { name: old.name, successor: successor.key.id, overlapSeconds },
      });
      return successor;
    });
    return { status: 201, body: { key: toKey(key, null), secret } };
  },
);
