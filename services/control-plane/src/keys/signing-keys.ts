import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { ADMINISTRATOR, recordAudit } from '../audit/record-audit.js';
import type { Database, Transaction } from '../database/database.js';
import type { SigningKey } from '../generated/prisma/client.js';
import { open, seal } from './secret-box.js';

/** The key that signs new project API keys. */
export interface Signer {
  kid: string;
  privateKey: KeyObject;
}

/** Access to the signing key of this installation. */
export interface SigningKeys {
  /**
   * The signing key in use, made now when there is none yet. Whoever is second of two processes that start at
   * once finds the key of the first.
   *
   * @throws SecretKeyError
   */
  current(): Promise<Signer>;
}

/** LOGURO_SECRET_KEY is not the one that the stored key was encrypted with. */
export class SecretKeyError extends Error {
  constructor(kid: string) {
    super(
      `LOGURO_SECRET_KEY does not open the signing key ${kid} in the database. Use the secret key that this database was set up with.`,
    );
    this.name = 'SecretKeyError';
  }
}

/** @param secretKey 32 bytes */
export function createSigningKeys({ prisma }: Database, secretKey: Buffer): SigningKeys {
  // Which key is in use is asked each time, so that a rotation counts at once; only the decryption is kept.
  let known: Signer | undefined;

  function unlock({ kid, privateKey }: Pick<SigningKey, 'kid' | 'privateKey'>): Signer {
    if (known?.kid === kid) return known;
    const der = open(privateKey, secretKey, kid);
    if (der === null) throw new SecretKeyError(kid);
    known = { kid, privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
    return known;
  }

  async function create(tx: Transaction): Promise<SigningKey> {
    await lockSigningKeys(tx);
    return (await newest(tx)) ?? (await newSigningKey(tx, secretKey));
  }

  return {
    async current() {
      return unlock((await newest(prisma)) ?? (await prisma.$transaction(create)));
    },
  };
}

function newest(db: Transaction): Promise<SigningKey | null> {
  return db.signingKey.findFirst({ where: { retiredAt: null }, orderBy: { createdAt: 'desc' } });
}

/** Makes changes of signing keys take turns until the transaction ends. */
export async function lockSigningKeys(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('loguro:signing-key'))`;
}

/** Makes a key pair and stores it; as the newest it signs from here on. */
export async function newSigningKey(tx: Transaction, secretKey: Buffer): Promise<SigningKey> {
  const kid = randomUUID();
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await tx.signingKey.create({
    data: {
      kid,
      publicKey: pair.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      privateKey: seal(pair.privateKey.export({ format: 'der', type: 'pkcs8' }), secretKey, kid),
    },
  });
  await recordAudit(tx, ADMINISTRATOR, {
    projectId: null,
    action: 'signing_key.create',
    target: 'signing_key',
    targetId: kid,
  });
  return key;
}
