import type { KeyObject } from 'node:crypto';
import {
  ApiError,
  MAX_PROJECT_KEY_LENGTH,
  PROJECT_KEY_ALGORITHM,
  PROJECT_KEY_AUDIENCE,
  PROJECT_KEY_ISSUER,
} from '@loguro/types';
import jwt from 'jsonwebtoken';

/** What a good signature vouches for. */
export interface TokenClaims {
  keyId: number;
  project: number;
  kind: 'server' | 'browser';
}

const INVALID = 'The project API key is not valid.';

/**
 * Checks signature, issuer, audience and claims of a project key. The algorithm is pinned: what the token
 * says about it is only ever compared.
 *
 * @throws ApiError `invalid_credential`, always with the same sentence, so that a forger learns nothing
 */
export function verifyToken(token: string, signingKeys: ReadonlyMap<string, KeyObject>): TokenClaims {
  if (token.length > MAX_PROJECT_KEY_LENGTH) throw invalid('too long');
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    const publicKey = kid === undefined ? undefined : signingKeys.get(kid);
    if (publicKey === undefined) throw new Error('unknown kid');
    const claims = jwt.verify(token, publicKey, {
      algorithms: [PROJECT_KEY_ALGORITHM],
      issuer: PROJECT_KEY_ISSUER,
      audience: PROJECT_KEY_AUDIENCE,
    });
    return readClaims(claims);
  } catch (error) {
    throw invalid(error);
  }
}

function readClaims(claims: string | jwt.JwtPayload): TokenClaims {
  const { sub, jti, kind } = typeof claims === 'string' ? ({} as jwt.JwtPayload) : claims;
  if (kind !== 'server' && kind !== 'browser') throw new Error('no kind');
  return { keyId: readId(jti), project: readId(sub), kind };
}

/** PostgreSQL's integer, as a decimal string. */
function readId(text: string | undefined): number {
  const id = /^[1-9]\d{0,9}$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!(id <= 2147483647)) throw new Error('no id');
  return id;
}

function invalid(cause: unknown): ApiError {
  return new ApiError('invalid_credential', INVALID, { cause });
}
