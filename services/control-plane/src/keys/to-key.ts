import type { ProjectKey } from '@loguro/types';
import type { ProjectKey as KeyRow } from '../generated/prisma/client.js';

/**
 * A project API key as the API shows it; the secret is not part of it.
 *
 * @param lastUsedAt of a new key, null
 */
export function toKey(row: KeyRow, lastUsedAt: Date | null): ProjectKey {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    allowedOrigins: row.allowedOrigins,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
