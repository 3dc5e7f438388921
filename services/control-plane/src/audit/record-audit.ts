import type { Transaction } from '../database/database.js';
import type { Prisma } from '../generated/prisma/client.js';

/** Who makes a change, and from where. */
export interface Actor {
  /** null: an administrator on the server. */
  accountId: number | null;
  email: string | null;
  /** The personal access token used. */
  tokenId: number | null;
  requestId: string | null;
  /** The client's address. */
  address: string | null;
}

/** Someone with a shell on the server. */
export const ADMINISTRATOR: Actor = { accountId: null, email: null, tokenId: null, requestId: null, address: null };

/** One change, as the audit log keeps it. */
export interface AuditEntry {
  /** null for what belongs to an account alone. */
  projectId: number | null;
  /** `dataset.create` and the like. */
  action: `${AuditTarget}.${string}`;
  target: AuditTarget;
  targetId: number | string;
  /** What changed. Never a secret. */
  details?: Prisma.InputJsonObject;
}

export type AuditTarget = 'account' | 'token' | 'project' | 'member' | 'key' | 'signing_key' | 'dataset';

/** Writes to the audit log in the transaction of the change itself, so that neither exists without the other. */
export async function recordAudit(tx: Transaction, actor: Actor, entry: AuditEntry): Promise<void> {
  await tx.auditEvent.create({
    data: {
      ...actor,
      projectId: entry.projectId,
      action: entry.action,
      targetType: entry.target,
      targetId: String(entry.targetId),
      details: entry.details ?? {},
    },
    select: { id: true },
  });
}
