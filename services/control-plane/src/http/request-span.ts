import { endServerSpan, type Span, startServerSpan, type Tracing } from '@loguro/telemetry';
import { CONTROL_ROUTES, type ControlOperation } from '@loguro/types';
import type { Request, Response } from 'express';

/** Begins the span of a request, in the trace that its headers name; probes have none. */
export function startRequestSpan(tracing: Tracing, req: Request): Span | null {
  return req.path === '/healthz' ? null : startServerSpan(tracing, req.headers);
}

/** The span of the request that this response answers; null unless traces are on. */
export function spanOf(res: Response): Span | null {
  return (res.locals.span as Span | undefined) ?? null;
}

/** What is told of a request that is over. */
export interface RequestFacts {
  requestId: string;
  /** 499: the client went away. */
  status: number;
  operation: string;
  accountId: number | undefined;
  /** Of the error that was answered. */
  code: string | undefined;
}

/** Ends the span of a request. */
export function endRequestSpan(span: Span, req: Request, facts: RequestFacts): void {
  const { requestId, status, operation, accountId, code } = facts;
  const route = CONTROL_ROUTES[operation as ControlOperation]?.path;
  const { method, path, httpVersion: protocolVersion } = req;
  endServerSpan(
    span,
    { method, path, kind: route, scheme: 'http', protocolVersion, requestId, status, code },
    { 'http.route': route, 'loguro.operation': operation, 'loguro.account': accountId },
  );
}
