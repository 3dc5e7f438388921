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

/**
 * The expiry of a personal access token that is made with another one: it never outlives that one, or whoever
 * holds a token for a day could turn it into one for ever.
 *
 * @param asked what the caller asked for; undefined: as long as the token used, null: for ever
 * @param maker when the token used ends; null: never
 * @throws ApiError when it is not in the future, or later than that of the token used
 */
export function tokenExpiry(asked: string | null | undefined, maker: Date | null, now = new Date()): Date | null {
  if (asked === undefined) return maker;
  const expiry = futureExpiry(asked, now);
  if (maker === null || (expiry !== null && expiry <= maker)) return expiry;
  throw new ApiError('invalid_request', 'A token can not be made to outlive the one it is made with.', {
    details: [
      { path: 'expiresAt', message: `must not be later than ${maker.toISOString()}, when the token used ends` },
    ],
  });
}

/** The earlier of two ends. */
export function earlierEnd(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

/** @throws ApiError `credential_inactive` for one that was revoked or has expired */
export function requireActive({ expiresAt, revokedAt }: Lifetime, now = new Date()): void {
  if (revokedAt === null && (expiresAt === null || expiresAt > now)) return;
  throw new ApiError('credential_inactive', 'A revoked or expired credential cannot be rotated. Create a new one.');
}

/** The last moment that RFC 3339 has a spelling for; PostgreSQL's of a later one is none that its driver reads. */
const END_OF_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The successor of a credential that expires lives as long as that one was meant to, from now. */
export function successorExpiry({ createdAt, expiresAt }: Lifetime, now = new Date()): Date | null {
  if (expiresAt === null) return null;
  const end = now.getTime() + (expiresAt.getTime() - createdAt.getTime());
  return new Date(Math.min(end, END_OF_TIME));
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
