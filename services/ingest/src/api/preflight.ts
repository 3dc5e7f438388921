import type { RequestHandler } from 'express';
import type { Directory } from '../cache/directory.js';
import { replyTo } from './reply.js';

const ALLOWED_HEADERS =
  'Authorization, Content-Type, Content-Encoding, Idempotency-Key, Prefer, X-Loguro-Dataset-Id, X-Request-Id';
const MAX_AGE_SECONDS = '600';
const NOT_PREFLIGHT = ['Vary', 'Origin'];

/**
 * Answers `OPTIONS` on the ingest paths.
 *
 * A browser's preflight carries no key, so it can't be checked against one. It is granted when a live
 * browser key of any project lists the origin. The dataset in the path would name a project whose keys alone could be
 * looked at, but then the answers would tell strangers which datasets exist and whose site each belongs to; as it is,
 * all paths are answered alike, and that some project takes records from a site can be read in that site's pages
 * anyway. A grant gives nothing: the request that follows is checked against its own key, whatever it was told here.
 *
 * @param method what the path takes besides `OPTIONS`
 */
export function preflight(directory: Directory, method: 'GET' | 'POST'): RequestHandler {
  const allow = method === 'GET' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS';
  return async (req) => {
    const reply = replyTo(req);
    const { origin } = req.headers;
    const asks = origin !== undefined && req.headers['access-control-request-method'] !== undefined;
    const until = asks ? (await directory.origins.get('all', performance.now())).get(origin) : undefined;
    if (asks && until !== undefined && until > Date.now()) {
      reply.empty(204, [
        ...['Access-Control-Allow-Origin', origin, 'Vary', 'Origin'],
        ...['Access-Control-Allow-Methods', method, 'Access-Control-Allow-Headers', ALLOWED_HEADERS],
        ...['Access-Control-Max-Age', MAX_AGE_SECONDS],
      ]);
    } else reply.empty(204, [...NOT_PREFLIGHT, 'Allow', allow]);
  };
}
