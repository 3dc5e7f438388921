import type { RequestHandler } from 'express';
import type { Directory } from '../cache/directory.js';
import { replyTo } from './reply.js';

const ALLOWED_METHODS = 'GET, POST';
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Content-Encoding, Idempotency-Key, Prefer, X-Loguro-Dataset-Id, X-Request-Id';
const MAX_AGE_SECONDS = '600';
const NOT_PREFLIGHT = ['Vary', 'Origin'];

/**
 * Answers `OPTIONS` on the ingest paths.
 *
 * A browser's preflight carries no key, so it can't be checked against one. It is granted when a live
 * browser key of any project lists the origin, whatever the path says: the same answer for every dataset,
 * existing or not, tells nothing about any of them, and that some project takes records from a site can be
 * read in that site's pages anyway. The request that follows is checked against its own key.
 */
export function preflight(directory: Directory, allow: string): RequestHandler {
  return async (req) => {
    const reply = replyTo(req);
    const { origin } = req.headers;
    const asks = origin !== undefined && req.headers['access-control-request-method'] !== undefined;
    const until = asks ? (await directory.origins.get('all', performance.now())).get(origin) : undefined;
    if (asks && until !== undefined && until > Date.now()) {
      reply.empty(204, [
        ...['Access-Control-Allow-Origin', origin, 'Vary', 'Origin'],
        ...['Access-Control-Allow-Methods', ALLOWED_METHODS, 'Access-Control-Allow-Headers', ALLOWED_HEADERS],
        ...['Access-Control-Max-Age', MAX_AGE_SECONDS],
      ]);
    } else reply.empty(204, [...NOT_PREFLIGHT, 'Allow', allow]);
  };
}
