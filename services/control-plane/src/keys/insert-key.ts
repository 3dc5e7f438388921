import {
  PROJECT_KEY_ALGORITHM,
  PROJECT_KEY_AUDIENCE,
  PROJECT_KEY_ISSUER,
  type ProjectKeyClaims,
  type ProjectKeyKind,
} from '@loguro/types';
import jwt from 'jsonwebtoken';
import { type Actor, recordAudit } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import type { ProjectKey } from '../generated/prisma/client.js';
import type { Signer } from './signing-keys.js';

/** Input of {@link insertKey}. */
export interface NewKeyInput {
  projectId: number;
  name: string;
  kind: ProjectKeyKind;
  allowedOrigins: string[];
  expiresAt: Date | null;
}

/** A stored key, with the one and only copy of its secret. */
export interface NewKey {
  key: ProjectKey;
  /** The signed JWT. */
  secret: string;
}

/** Adds a project API key and signs its token. Expiry and origins stay in the database, where they can change. */
export async function insertKey(tx: Transaction, actor: Actor, signer: Signer, input: NewKeyInput): Promise<NewKey> {
  const key = await tx.projectKey.create({ data: { ...input, signingKid: signer.kid } });
  await recordAudit(tx, actor, {
    projectId: input.projectId,
    action: 'key.create',
    target: 'key',
    targetId: key.id,
    details: {
      name: key.name,
      kind: key.kind,
      allowedOrigins: key.allowedOrigins,
      expiresAt: key.expiresAt?.toISOString() ?? null,
    },
  });
  return { key, secret: signKey(key, signer) };
}

function signKey(key: ProjectKey, { kid, privateKey }: Signer): string {
  const claims: ProjectKeyClaims = {
    iss: PROJECT_KEY_ISSUER,
    aud: PROJECT_KEY_AUDIENCE,
    sub: String(key.projectId),
    jti: String(key.id),
    kind: key.kind,
    iat: Math.floor(key.createdAt.getTime() / 1000),
  };
  return jwt.sign(claims, privateKey, { algorithm: PROJECT_KEY_ALGORITHM, keyid: kid });
}
