import { ApiError } from '@loguro/types';
import type { RequestHeaders } from './request-headers.js';

/** Where a request wants to go. */
export interface Target {
  /** Host and maybe port: what is routed by, and what the service sees as `Host`. */
  authority: string;
  /** Path and query, starting with a slash. */
  path: string;
}

/** `http://host[:port]` in front of an absolute-form target (RFC 9112 §3.2.2); no user information. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#@]+)(.*)$/i;

/**
 * Reads target and `Host`. When the target is absolute, its host counts and `Host` is ignored, as RFC 9112
 * §3.2.2 demands: otherwise we and a service could disagree on who was meant.
 *
 * @throws ApiError `invalid_request` when there is not exactly one way to read them
 */
export function readTarget(url: string, headers: RequestHeaders, httpVersion: string): Target {
  if (headers.hosts.length > 1) throw malformed('The request has more than one Host header.');
  const host = headers.hosts[0];
  if (url.charCodeAt(0) === 47 /* slash */) {
    if (host !== undefined) return { authority: host, path: url };
    if (httpVersion === '1.0') return { authority: '', path: url };
    throw malformed('The request has no Host header.');
  }
  const absolute = ABSOLUTE_FORM.exec(url);
  if (absolute === null) throw malformed('The request target is neither a path nor an http URL.');
  if (host === undefined && httpVersion !== '1.0') throw malformed('The request has no Host header.');
  const [, authority = '', rest = ''] = absolute;
  return { authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/**
 * Refuses framing that two readers could understand differently. llhttp has refused the rest already: both lengths,
 * lengths that differ, a last coding other than chunked.
 *
 * @throws ApiError `invalid_request`
 */
export function checkFraming({ transferEncoding }: RequestHeaders, httpVersion: string): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw malformed('The only versions spoken here are HTTP/1.1 and 1.0.');
  if (transferEncoding === undefined) return;
  if (httpVersion === '1.0') throw malformed('An HTTP/1.0 request can not have a Transfer-Encoding.');
  if (transferEncoding.toLowerCase() !== 'chunked') {
    throw malformed('The only Transfer-Encoding understood here is chunked; compress with Content-Encoding.');
  }
}

/** A request after which the connection can't be trusted any more. */
export function malformed(sentence: string): ApiError {
  return new ApiError('invalid_request', sentence, { headers: { Connection: 'close' } });
}
