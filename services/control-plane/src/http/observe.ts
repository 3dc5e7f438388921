import { REQUEST_ID_HEADER, requestIdFrom } from '@loguro/types';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.js';

/** Gives the request its id and, when it is over, one line in the log and one observation in the metrics. */
export function observeRequests(logger: Logger, metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const requestId = requestIdFrom(req.headers[REQUEST_ID_HEADER]);
    const start = performance.now();
    res.locals.requestId = requestId;
    res.set('X-Request-Id', requestId);
    res.once('close', () => {
      const durationMs = performance.now() - start;
      const { operation = 'none', accountId, code } = res.locals;
      // 499 as in nginx: the client went away before it was answered.
      const status = res.writableFinished ? res.statusCode : 499;
      metrics.requestSeconds.observe({ operation, method: req.method, status }, durationMs / 1000);
      logger.info(
        { requestId, method: req.method, path: req.path, operation, status, durationMs, accountId, code },
        'request',
      );
    });
    next();
  };
}
