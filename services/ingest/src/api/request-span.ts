import type { IncomingMessage, ServerResponse } from 'node:http';
import { endServerSpan, type Span, startServerSpan, type Tracing } from '@loguro/telemetry';
import { INGEST_ROUTES } from '@loguro/types';
import type { Reply } from './reply.js';
import { parseTarget } from './target.js';

/** Takes a request in. */
export type OpenReply = (req: IncomingMessage, res: ServerResponse) => Reply;

/** nginx's status for "the client went away before it was answered", as in the gateway's log. */
const CLIENT_GONE = 499;
const RECEIPT = /^\/datasets\/[^/?]+\/receipts\/[^/?]+\/?(?:\?|$)/;

/** Gives every request a span, but those of probes. Only put in between when traces are on. */
export function traceRequests(tracing: Tracing, open: OpenReply): OpenReply {
  return (req, res) => {
    const reply = open(req, res);
    if (req.url === '/healthz' || req.url === '/readyz') return reply;
    const span = startServerSpan(tracing, req.headers);
    reply.span = span;
    res.once('close', () => endRequestSpan(span, reply));
    return reply;
  };
}

function endRequestSpan(span: Span, { req, res, requestId, outcome, badRecords }: Reply): void {
  const route = routeOf(req.url ?? '');
  const request = {
    method: req.method ?? '',
    path: req.url ?? '',
    kind: route,
    scheme: 'http' as const,
    protocolVersion: req.httpVersion,
    requestId,
    status: res.writableFinished ? res.statusCode : CLIENT_GONE,
    code: outcome === 'ok' ? undefined : outcome,
  };
  endServerSpan(span, request, {
    'http.route': route,
    'loguro.bad_records': badRecords === 0 ? undefined : badRecords,
  });
}

/** The path as the contract has it; undefined for what is not in it. */
function routeOf(url: string): string | undefined {
  const target = parseTarget(url);
  if (target !== null)
    return `/datasets${target.dataset === null ? '' : '/{datasetId}'}${target.batch ? '/batch' : ''}`;
  return RECEIPT.test(url) ? INGEST_ROUTES.getReceipt.path : undefined;
}
