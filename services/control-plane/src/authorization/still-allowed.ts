import { ApiError, type Role } from '@loguro/types';
import type { Transaction } from '../database/database.js';
import { lockProject } from '../database/locks.js';
import { type Caller, type ProjectAccess, requireProject } from './authorize.js';

/**
 * Makes sure that what allowed a request is still so, now that its turn has come: it may have waited for a connection,
 * or for a change that took away the very role or token it was let in with. Until the transaction ends the token can't
 * be revoked: whoever revokes it and then looks what was made with it sees everything.
 *
 * @throws ApiError as for a request that comes now
 */
export async function requireStillAllowed(
  tx: Transaction,
  { caller, project }: { caller: Caller; project: ProjectAccess },
  role: Role,
): Promise<void> {
  await requireLiveToken(tx, caller);
  const key = { projectId: project.id, accountId: caller.account.id };
  const member = await tx.projectMember.findUnique({ where: { projectId_accountId: key }, select: { role: true } });
  requireProject(member && { ...project, role: member.role }, role);
}

/** `lockProject` for a change that needs a role: nobody's role changes between the check and the change. */
export async function lockProjectAs(
  tx: Transaction,
  request: { caller: Caller; project: ProjectAccess },
  role: Role,
): Promise<void> {
  await lockProject(tx, request.project.id);
  await requireStillAllowed(tx, request, role);
}

/** @throws ApiError `revoked_credential` when the token of the call was revoked meanwhile */
export async function requireLiveToken(tx: Transaction, { token }: Caller): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM personal_access_tokens WHERE id = ${token.id} AND revoked_at IS NULL FOR SHARE`;
  if (rows.length === 0) throw new ApiError('revoked_credential', 'This personal access token was revoked.');
}
