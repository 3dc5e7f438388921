import type { Tracing } from '@loguro/telemetry';
import { REQUEST_ID_HEADER, requestIdFrom } from '@loguro/types';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.js';
import { endRequestSpan, startRequestSpan } from './request-span.js';

/**
 * Gives the request its id and, when it is over, one line in the log, one observation in the metrics and the end of
 * its span.
 */
export function observeRequests(logger: Logger, metrics: Metrics, tracing: Tracing | null): RequestHandler {
  return (req, res, next) => {
    const requestId = requestIdFrom(req.headers[REQUEST_ID_HEADER]);
    const start = performance.now();
    res.locals.requestId = requestId;
    res.set('X-Request-Id', requestId);
    const span = tracing === null ? null : startRequestSpan(tracing, req);
    if (span !== null) res.locals.span = span;
    res.once('close', () => {
      const durationMs = performance.now() - start;
      const { operation = 'none', accountId, code } = res.locals;
      // 499 as in nginx: the client went away before it was answered.
      const status = res.writableFinished ? res.statusCode : 499;
      metrics.requestSeconds.observe({ operation, method: req.method, status }, durationMs / 1000);
      const line = { requestId, method: req.method, path: req.path, operation, status, durationMs, accountId, code };
      logger.info(span === null ? line : { ...line, trace_id: span.traceId }, 'request');
      if (span !== null) endRequestSpan(span, req, { requestId, status, operation, accountId, code });
    });
    next();
  };
}
