import { type Actor, recordAudit } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import type { Account } from '../generated/prisma/client.js';

/** Addresses are compared without regard to case, so they are kept in lower case. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Adds an account; fails on a second one with the same address. */
export async function insertAccount(
  tx: Transaction,
  actor: Actor,
  { email, name }: { email: string; name: string },
): Promise<Account> {
  const account = await tx.account.create({ data: { email: normalEmail(email), name } });
  await recordAudit(tx, actor, {
    projectId: null,
    action: 'account.create',
    target: 'account',
    targetId: account.id,
    details: { email: account.email },
  });
  return account;
}
