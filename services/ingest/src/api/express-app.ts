import { ApiError, toApiError } from '@loguro/types';
import { readyAnswer } from '@loguro/types/operations';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Directory } from '../cache/directory.js';
import type { AccessControl } from './access.js';
import type { KeyLimits } from './key-limits.js';
import { preflight } from './preflight.js';
import { receiptRoute } from './receipt-route.js';
import type { ReceiptOptions } from './receipts.js';
import { type Reply, replyTo } from './reply.js';
import { securityHeaders } from './security-headers.js';
import { wrongSurface } from './wrong-surface.js';

/** Options of {@link createExpressApp}. */
export interface ExpressAppOptions {
  access: AccessControl;
  keyLimits: KeyLimits;
  directory: Directory;
  receipts: ReceiptOptions;
  /** Why records can't be taken right now; empty when they can. */
  readiness: () => Promise<readonly string[]>;
  /** Public base URL of the control plane. */
  apiUrl: string;
  onFailure: (error: ApiError, reply: Reply) => void;
}

const INGEST_PATHS = ['/datasets', '/datasets/batch', '/datasets/:datasetId', '/datasets/:datasetId/batch'];
const RECEIPT_PATH = '/datasets/:datasetId/receipts/:receiptId';

/** Everything on the ingest host but the ingesting itself, in the order it is tried. */
export function createExpressApp(options: ExpressAppOptions): Express {
  const { access, directory, apiUrl, onFailure } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.use(securityHeaders);

  app.get('/healthz', (req) => replyTo(req).json(200, '{"status":"ok"}'));
  app.get('/readyz', async (req) => {
    const { status, body } = readyAnswer(await options.readiness());
    replyTo(req).json(status, body, ['Cache-Control', 'no-store']);
  });
  app.all(['/healthz', '/readyz'], onlyMethods('GET, HEAD'));
  app.use(wrongSurface(apiUrl));
  app.get(RECEIPT_PATH, receiptRoute(access, options.keyLimits, options.receipts));
  app.options(RECEIPT_PATH, preflight(directory, 'GET'));
  app.all(RECEIPT_PATH, onlyMethods('GET, HEAD, OPTIONS'));
  app.options(INGEST_PATHS, preflight(directory, 'POST'));
  app.all(INGEST_PATHS, onlyMethods('POST, OPTIONS'));
  app.use(() => {
    throw new ApiError('route_not_found', `No such path on this host. ${apiUrl}/api/openapi.json lists all there are.`);
  });
  app.use(answerErrors(onFailure));
  return app;
}

function onlyMethods(allow: string): RequestHandler {
  return (req) => {
    throw new ApiError('method_not_allowed', `This path takes ${allow}, not ${req.method}.`, {
      headers: { Allow: allow },
    });
  };
}

function answerErrors(onFailure: ExpressAppOptions['onFailure']): ErrorRequestHandler {
  return (thrown: unknown, req, _res, _next) => {
    const reply = replyTo(req);
    const error = thrown instanceof URIError ? badPath() : toApiError(thrown);
    onFailure(error, reply);
    reply.fail(error);
  };
}

/** Express throws so for a path whose percent-encoding is broken. */
function badPath(): ApiError {
  return new ApiError('invalid_request', 'The path is not valid percent-encoded UTF-8.');
}
