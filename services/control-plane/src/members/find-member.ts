import { ApiError } from '@loguro/types';
import type { Transaction } from '../database/database.js';
import type { Account, ProjectMember } from '../generated/prisma/client.js';
import { notFound } from '../http/path.js';

/**
 * The membership of an account. The project is to be locked: then no other membership of it changes until the
 * transaction ends, and two owners can't remove each other at the same moment.
 *
 * @throws ApiError `member_not_found`
 */
export async function findMember(
  tx: Transaction,
  projectId: number,
  accountId: number,
): Promise<ProjectMember & { account: Account }> {
  const member = await tx.projectMember.findUnique({
    where: { projectId_accountId: { projectId, accountId } },
    include: { account: true },
  });
  if (member === null) throw notFound('accountId');
  return member;
}

/**
 * For a member about to lose the role of owner.
 *
 * @throws ApiError `last_owner` when there is no other owner
 */
export async function requireOtherOwner(tx: Transaction, { projectId, accountId, role }: ProjectMember): Promise<void> {
  if (role !== 'owner') return;
  const others = await tx.projectMember.count({ where: { projectId, role: 'owner', accountId: { not: accountId } } });
  if (others === 0) {
    throw new ApiError('last_owner', 'This is the only owner of the project. Make someone else an owner first.');
  }
}
