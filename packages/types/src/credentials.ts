import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Every personal access token starts with this. */
export const PAT_PREFIX = 'pat_';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const PAT_PATTERN = new RegExp(`^${PAT_PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/**
 * A new personal access token: `pat_`, 32 random base-62 characters (190 bits) and a CRC-32 of them
 * in base 62, so that a typo is told from an unknown token without asking the database, and secret
 * scanners can recognise one with few false alarms.
 */
export function generatePat(): string {
  let random = '';
  while (random.length < RANDOM_LENGTH) {
    for (const byte of randomBytes(RANDOM_LENGTH)) {
      // 248 = 4 × 62: higher bytes would make some characters likelier than others.
      if (byte < 248 && random.length < RANDOM_LENGTH) random += BASE62[byte % 62];
    }
  }
  return PAT_PREFIX + random + checksum(random);
}

/** Whether the text has the shape and the checksum of a personal access token. */
export function isWellFormedPat(token: string): boolean {
  if (!PAT_PATTERN.test(token)) return false;
  const random = token.slice(PAT_PREFIX.length, PAT_PREFIX.length + RANDOM_LENGTH);
  return token.endsWith(checksum(random));
}

/** Whether the text was meant as a personal access token, well-formed or not. */
export function looksLikePat(token: string): boolean {
  return token.startsWith(PAT_PREFIX);
}

function checksum(random: string): string {
  let rest = crc32(random);
  let text = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    text = BASE62[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** `iss` of every project API key. */
export const PROJECT_KEY_ISSUER = 'loguro';
/** `aud` of every project API key. */
export const PROJECT_KEY_AUDIENCE = 'loguro-ingest';
/** The only signature algorithm that is ever accepted (RFC 7518 §3.4). */
export const PROJECT_KEY_ALGORITHM = 'ES256';

/** `server` keys stay on trusted machines; `browser` keys may be public and are bound to origins. */
export type ProjectKeyKind = 'server' | 'browser';

/** Claims of a project API key (a JWT signed ES256; the header's `kid` names the signing key). */
export interface ProjectKeyClaims {
  iss: typeof PROJECT_KEY_ISSUER;
  aud: typeof PROJECT_KEY_AUDIENCE;
  /** The project's id, as a decimal string. */
  sub: string;
  /** The key's id: looked up for revocation, expiry and allowed origins. */
  jti: string;
  kind: ProjectKeyKind;
  /** Seconds since the epoch. */
  iat: number;
}

/** Far more than a project key needs; a longer one is not worth decoding. */
export const MAX_PROJECT_KEY_LENGTH = 2048;
const BEARER_JWT = /^bearer +[\w-]+\.([\w-]+)\.[\w-]+ *$/i;

/**
 * Whether a credential says of itself that it is a browser's project key. Unverified: anybody can write one that does.
 *
 * @param authorization the header
 */
export function claimsBrowserKey(authorization: string | undefined): boolean {
  if (authorization === undefined || authorization.length > MAX_PROJECT_KEY_LENGTH) return false;
  const claims = BEARER_JWT.exec(authorization)?.[1];
  if (claims === undefined) return false;
  try {
    const read: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return typeof read === 'object' && read !== null && 'kind' in read && read.kind === 'browser';
  } catch {
    return false;
  }
}
