import { ADMINISTRATOR, recordAudit } from '../audit/record-audit.js';
import type { Database, Transaction } from '../database/database.js';
import { open, seal } from '../keys/secret-box.js';
import { lockSigningKeys, newSigningKey, SecretKeyError } from '../keys/signing-keys.js';
import { AdminError } from './create-account.js';

/** A signing key as an operator sees it. */
export interface SigningKeyStatus {
  kid: string;
  createdAt: string;
  /** `signing`: signs new project keys; `verifying`: what it signed is still accepted; `retired`: no longer. */
  state: 'signing' | 'verifying' | 'retired';
  retiredAt: string | null;
  /** Project keys it signed that are neither revoked nor expired. */
  liveKeys: number;
  /** The same by project, for whoever has to replace them. */
  projects: { slug: string; liveKeys: number }[];
}

/** All signing keys, the newest first. */
export async function listSigningKeys({ prisma }: Database): Promise<SigningKeyStatus[]> {
  return prisma.$transaction(statusOf);
}

/**
 * Makes a new signing key. It signs every project key from here on; those signed by the ones before stay good until
 * these are retired.
 *
 * @throws SecretKeyError when `secretKey` is not the one in use: two secrets in one table would lock out both
 */
export async function rotateSigningKey({ prisma }: Database, secretKey: Buffer): Promise<{ kid: string }> {
  return prisma.$transaction(async (tx) => {
    await lockSigningKeys(tx);
    const [newest] = await tx.signingKey.findMany({ orderBy: { createdAt: 'desc' }, take: 1 });
    if (newest !== undefined && open(newest.privateKey, secretKey, newest.kid) === null) {
      throw new SecretKeyError(newest.kid);
    }
    return { kid: (await newSigningKey(tx, secretKey)).kid };
  });
}

/**
 * Ends a signing key: within a second ingest refuses every project key it signed.
 *
 * @param force also when project keys that are in use would end with it
 * @throws AdminError when it is unknown or the one in use, or when project keys need it and `force` is not set
 */
export async function retireSigningKey(
  { prisma }: Database,
  { kid, force }: { kid: string; force: boolean },
): Promise<SigningKeyStatus> {
  return prisma.$transaction(async (tx) => {
    await lockSigningKeys(tx);
    const key = (await statusOf(tx)).find((candidate) => candidate.kid === kid);
    if (key === undefined) throw new AdminError(`There is no signing key ${kid}.`);
    if (key.state === 'retired') throw new AdminError(`The signing key ${kid} was retired already.`);
    if (key.state === 'signing') {
      throw new AdminError(`The signing key ${kid} signs new project keys. Make another first: signing-keys rotate.`);
    }
    if (key.liveKeys > 0 && !force) throw new AdminError(stillInUse(key));
    await tx.signingKey.update({ where: { kid }, data: { retiredAt: new Date() } });
    await recordAudit(tx, ADMINISTRATOR, {
      projectId: null,
      action: 'signing_key.retire',
      target: 'signing_key',
      targetId: kid,
      details: { liveKeys: key.liveKeys },
    });
    return { ...key, state: 'retired' };
  });
}

/**
 * Encrypts every private key with another secret, all or none of them.
 *
 * @returns how many there are
 * @throws SecretKeyError when `from` does not open one of them
 */
export async function reencryptSigningKeys(
  { prisma }: Database,
  { from, to }: { from: Buffer; to: Buffer },
): Promise<number> {
  return prisma.$transaction(async (tx) => {
    await lockSigningKeys(tx);
    const keys = await tx.signingKey.findMany();
    for (const { kid, privateKey } of keys) {
      const plain = open(privateKey, from, kid);
      if (plain === null) throw new SecretKeyError(kid);
      await tx.signingKey.update({ where: { kid }, data: { privateKey: seal(plain, to, kid) } });
      await recordAudit(tx, ADMINISTRATOR, {
        projectId: null,
        action: 'signing_key.reencrypt',
        target: 'signing_key',
        targetId: kid,
      });
    }
    return keys.length;
  });
}

/** Private keys that a secret does not open, by kid; retired ones too, as a change of the secret must open all. */
export async function lockedSigningKeys({ prisma }: Database, secretKey: Buffer): Promise<string[]> {
  const keys = await prisma.signingKey.findMany();
  return keys.filter(({ kid, privateKey }) => open(privateKey, secretKey, kid) === null).map(({ kid }) => kid);
}

async function statusOf(tx: Transaction): Promise<SigningKeyStatus[]> {
  const keys = await tx.signingKey.findMany({
    orderBy: { createdAt: 'desc' },
    select: { kid: true, createdAt: true, retiredAt: true },
  });
  const live = await tx.$queryRaw<{ kid: string; slug: string; count: number }[]>`
    SELECT key.signing_kid AS kid, project.slug, count(*)::int AS count
      FROM project_keys AS key JOIN projects AS project ON project.id = key.project_id
     WHERE key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > now())
     GROUP BY 1, 2 ORDER BY 3 DESC, 2`;
  const signing = keys.find(({ retiredAt }) => retiredAt === null)?.kid;
  return keys.map(({ kid, createdAt, retiredAt }) => {
    const projects = live.filter((row) => row.kid === kid).map(({ slug, count }) => ({ slug, liveKeys: count }));
    return {
      kid,
      createdAt: createdAt.toISOString(),
      state: retiredAt !== null ? 'retired' : kid === signing ? 'signing' : 'verifying',
      retiredAt: retiredAt?.toISOString() ?? null,
      liveKeys: projects.reduce((sum, { liveKeys }) => sum + liveKeys, 0),
      projects,
    };
  });
}

function stillInUse({ kid, liveKeys, projects }: SigningKeyStatus): string {
  const list = projects.map((project) => `  ${project.slug}: ${project.liveKeys}`).join('\n');
  return (
    `${liveKeys} project API ${liveKeys === 1 ? 'key' : 'keys'} in use would end with the signing key ${kid}:\n${list}\n` +
    'Rotate them first (POST /api/projects/:slug/keys/:keyId/rotate), or end them now with --force.'
  );
}
