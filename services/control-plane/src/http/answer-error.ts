import { ApiError } from '@loguro/types';
import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { toClientError } from './client-errors.js';
import { RequestAborted } from './read-body.js';

/** The one place where failures become answers. Only {@link ApiError} is shown; the rest is logged and constant. */
export function answerErrors(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, _req, res, _next) => {
    const requestId: string = res.locals.requestId;
    if (thrown instanceof RequestAborted || res.destroyed) {
      logger.debug({ requestId }, 'client went away');
      res.destroy();
      return;
    }
    const error = isBadPath(thrown) ? badPath() : toClientError(thrown);
    res.locals.code = error.code;
    if (error.status >= 500) {
      const level = error.code === 'internal' ? 'error' : 'warn';
      logger[level]({ requestId, code: error.code, err: error.cause ?? error }, 'request failed');
    }
    if (res.headersSent) {
      // Half an answer is out: cutting the connection is the only way left to say that it is not whole.
      res.destroy();
      return;
    }
    // A body that stopped arriving is not waited for any longer.
    if (error.code === 'request_timeout') res.set('Connection', 'close');
    res.status(error.status).set(error.headers).set('Cache-Control', 'no-store').json(error.toBody(requestId));
  };
}

/** Express fails so on a path whose percent-encoding is broken. */
function isBadPath(thrown: unknown): boolean {
  return thrown instanceof URIError;
}

function badPath(): ApiError {
  return new ApiError('invalid_request', 'The path is not valid percent-encoded UTF-8.');
}
