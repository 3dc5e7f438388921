import { createHash } from 'node:crypto';
import { generatePat } from '@loguro/types';
import { type Actor, recordAudit } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import type { PersonalAccessToken } from '../generated/prisma/client.js';

/** What is stored of a token: 190 random bits need neither salt nor slowness. */
export function hashToken(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** A stored token, with the one and only copy of its secret. */
export interface NewToken {
  token: PersonalAccessToken;
  secret: string;
}

/** Adds a personal access token to an account. */
export async function insertToken(
  tx: Transaction,
  actor: Actor,
  { accountId, name, expiresAt }: { accountId: number; name: string; expiresAt: Date | null },
): Promise<NewToken> {
  const secret = generatePat();
  const token = await tx.personalAccessToken.create({ data: { accountId, name, expiresAt, hash: hashToken(secret) } });
  await recordAudit(tx, actor, {
    projectId: null,
    action: 'token.create',
    target: 'token',
    targetId: token.id,
    details: { name, expiresAt: expiresAt?.toISOString() ?? null, accountId },
  });
  return { token, secret };
}
