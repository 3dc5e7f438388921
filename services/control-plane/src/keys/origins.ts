import { ApiError, type ProjectKeyKind } from '@loguro/types';

/**
 * The origins a key may be used from, as browsers spell them: lower case, no default port.
 *
 * @throws ApiError when a browser key has none, a server key has some, or one is not an origin
 */
export function originsFor(kind: ProjectKeyKind, origins: readonly string[] | undefined): string[] {
  if (kind === 'server') {
    if (origins !== undefined && origins.length > 0) {
      throw badOrigins('belong to browser keys only: a server key is never sent by a browser');
    }
    return [];
  }
  if (origins === undefined || origins.length === 0) {
    throw badOrigins('must name at least one origin, because a browser key may be public');
  }
  return [...new Set(origins.map(normalOrigin))];
}

function normalOrigin(text: string, index: number): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.pathname !== '/') {
    throw badOrigins('is not an origin such as https://app.example.com', `allowedOrigins[${index}]`);
  }
  return url.origin;
}

function badOrigins(message: string, path = 'allowedOrigins'): ApiError {
  return new ApiError('invalid_request', 'The allowed origins are not acceptable.', { details: [{ path, message }] });
}
