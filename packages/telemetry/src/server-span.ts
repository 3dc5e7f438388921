import { scrubSecrets } from '@loguro/types/operations';
import type { Attributes, EntryOptions, Span, TraceHeaders, Tracing } from './tracing.js';

/** What is told of a request that is over. */
export interface ServedRequest {
  method: string;
  /** A query is left out here, as clients put tokens there. */
  path: string;
  /** What requests of this kind have in common, for the span's name; undefined when nothing answers to it. */
  kind: string | undefined;
  scheme: 'http' | 'https';
  protocolVersion: string;
  requestId: string;
  status: number;
  /** Of the error that was answered. */
  code: string | undefined;
}

/** nginx's status for "the client went away before it was answered", as in logs and metrics. */
const CLIENT_GONE = 499;

/** Others are named together: a client may send what it likes, and names of spans must stay few. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** Begins the span of a request; its name comes with {@link endServerSpan}. */
export function startServerSpan(
  tracing: Tracing,
  headers: TraceHeaders,
  options: Omit<EntryOptions, 'role'> = {},
): Span {
  return tracing.start('HTTP', headers, { ...options, role: 'server' });
}

/** Ends it, named and described as OpenTelemetry's conventions for HTTP servers have it; `more` are our own attributes. */
export function endServerSpan(span: Span, request: ServedRequest, more: Attributes = {}): void {
  if (!span.recorded) return;
  const { method, path, kind, status, code } = request;
  const known = METHODS.has(method);
  const verb = known ? method : 'HTTP';
  span.rename(kind === undefined ? verb : `${verb} ${kind}`);
  span.set({
    'http.request.method': known ? method : '_OTHER',
    'http.response.status_code': status === CLIENT_GONE ? undefined : status,
    'network.protocol.version': request.protocolVersion,
    'url.path': scrubSecrets(path.split('?', 1)[0] ?? ''),
    'url.scheme': request.scheme,
    'loguro.request_id': request.requestId,
    'loguro.code': code,
    ...more,
  });
  // What a client got wrong is no failure of a server's span.
  if (status === CLIENT_GONE) span.end('client_gone');
  else if (status >= 500) span.end(code ?? String(status));
  else span.end();
}
