import type { Transaction } from '../database/database.js';
import type { ProjectKey } from '../generated/prisma/client.js';
import { notFound } from '../http/path.js';

/**
 * A key of the project, locked until the transaction ends.
 *
 * @throws ApiError `key_not_found`
 */
export async function lockKey(tx: Transaction, projectId: number, keyId: number): Promise<ProjectKey> {
  await tx.$queryRaw`SELECT 1 FROM project_keys WHERE id = ${keyId} AND project_id = ${projectId} FOR UPDATE`;
  const key = await tx.projectKey.findFirst({ where: { id: keyId, projectId } });
  if (key === null) throw notFound('keyId');
  return key;
}
