import type { Tracing } from '@loguro/telemetry';
import { ApiError } from '@loguro/types';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { LastUsed } from './authorization/last-used.js';
import { answerErrors } from './http/answer-error.js';
import type { Endpoint } from './http/endpoint.js';
import type { Metrics } from './http/metrics.js';
import { observeRequests } from './http/observe.js';
import type { BodyLimits } from './http/read-body.js';
import { createRouter } from './http/router.js';
import type { UnsentAnswers } from './http/unsent-answers.js';
import { wrongSurface } from './http/wrong-surface.js';
import type { RateLimits } from './limits/rate-limits.js';
import type { Services } from './services.js';

/** Options of {@link createApp}. */
export interface AppOptions {
  services: Services;
  /** One for each operation of the contract. */
  endpoints: readonly Endpoint[];
  lastUsed: LastUsed;
  metrics: Metrics;
  /** null: off. */
  tracing: Tracing | null;
  bodyLimits: BodyLimits;
  rateLimits: RateLimits;
  unsent: UnsentAnswers;
  /** Addresses or ranges whose X-Forwarded-For is believed. */
  trustProxy: readonly string[];
}

/** The API as an Express app that does not listen yet. */
export function createApp(options: AppOptions): Express {
  const { services, endpoints, lastUsed, metrics, tracing, bodyLimits, rateLimits, unsent, trustProxy } = options;
  const app = express();
  app.set('trust proxy', [...trustProxy]);
  // Nothing here is cacheable, and the router reads query strings itself.
  app.set('etag', false);
  app.set('query parser', false);
  app.use(observeRequests(services.logger, metrics, tracing));
  app.use(helmet());
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.use(rateLimits.byAddress);
  app.use(wrongSurface(services));
  app.use(createRouter(endpoints, { services, lastUsed, bodyLimits, rateLimits, unsent }));
  app.use(() => {
    throw new ApiError('route_not_found', `No such path. ${services.apiUrl}/api/openapi.json lists all of them.`);
  });
  app.use(answerErrors(services.logger));
  return app;
}
