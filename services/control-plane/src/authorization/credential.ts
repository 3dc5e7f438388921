import { ApiError, bearerToken, isWellFormedPat, looksLikePat } from '@loguro/types';

/** Three base64url parts: a JWT in its compact form (RFC 7519 §3). */
const JWT_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * The personal access token of a request, checked for shape and checksum without asking the database.
 *
 * @throws ApiError 401, saying what is wrong with the header
 */
export function patFromHeader(authorization: string | undefined): string {
  const token = bearerToken(authorization);
  if (token === null) {
    throw new ApiError(
      'missing_credential',
      'This needs a personal access token, sent as "Authorization: Bearer pat_…".',
    );
  }
  if (JWT_SHAPE.test(token) && !looksLikePat(token)) {
    throw new ApiError(
      'wrong_credential',
      'This looks like a project API key, which can only send records to ingest. The API needs a personal access token (pat_…).',
    );
  }
  if (!isWellFormedPat(token)) {
    throw new ApiError('invalid_credential', 'The personal access token is malformed: was it cut short or mistyped?');
  }
  return token;
}
