import { ApiError } from '@loguro/types';

/** When a credential ends. */
export interface Lifetime {
  createdAt: Date;
  /** null: never. */
  expiresAt: Date | null;
  revokedAt: Date | null;
}

/**
 * The expiry a caller asked for.
 *
 * @throws ApiError when it is not in the future
 */
export function futureExpiry(expiresAt: string | null | undefined, now = new Date()): Date | null {
  if (expiresAt === null || expiresAt === undefined) return null;
  const date = new Date(expiresAt);
  if (date > now) return date;
  throw new ApiError('invalid_request', 'The expiry is not acceptable.', {
    details: [{ path: 'expiresAt', message: 'must lie in the future' }],
  });
}

/** @throws ApiError `credential_inactive` for one that was revoked or has expired */
export function requireActive({ expiresAt, revokedAt }: Lifetime, now = new Date()): void {
  if (revokedAt === null && (expiresAt === null || expiresAt > now)) return;
  throw new ApiError('credential_inactive', 'A revoked or expired credential cannot be rotated. Create a new one.');
}

/** The successor of a credential that expires lives as long as that one was meant to, from now. */
export function successorExpiry({ createdAt, expiresAt }: Lifetime, now = new Date()): Date | null {
  return expiresAt === null ? null : new Date(now.getTime() + (expiresAt.getTime() - createdAt.getTime()));
}

/**
 * How a rotated credential ends: at once by revocation, which depends on nobody's clock, or when the overlap is
 * over, but never later than it would have ended anyway.
 */
export function endAfterOverlap(
  { expiresAt }: Lifetime,
  overlapSeconds: number,
  now = new Date(),
): { revokedAt: Date } | { expiresAt: Date } {
  if (overlapSeconds === 0) return { revokedAt: now };
  const end = new Date(now.getTime() + overlapSeconds * 1000);
  return { expiresAt: expiresAt !== null && expiresAt < end ? expiresAt : end };
}
