import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Tracing } from '@loguro/telemetry';
import { ApiError, toApiError } from '@loguro/types';
import type { Logger } from 'pino';
import type { ApiMetrics } from '../metrics.js';
import { answerClientError } from './client-errors.js';
import { Connections } from './connections.js';
import { createExpressApp, type ExpressAppOptions } from './express-app.js';
import { asksForMore } from './fast-lane/plain-head.js';
import { type HotPathDeps, ingest } from './hot-path.js';
import { ClientGoneError } from './read-body.js';
import { Reply, type ReplyPolicy, rememberReply } from './reply.js';
import { type OpenReply, traceRequests } from './request-span.js';
import { isPlain, parseTarget } from './target.js';

/** What {@link createApp} is made of. */
export interface AppDeps extends HotPathDeps, Omit<ExpressAppOptions, 'onFailure'> {
  logger: Pick<Logger, 'warn' | 'error'>;
  metrics: ApiMetrics;
  /** Whether connections are the fast lane's first; see {@link Connections.mayReturn}. */
  fastLane: boolean;
  /** Gives every request a span; null: off. */
  tracing: Tracing | null;
}

/** The ingest surface, without a server. */
export interface App {
  /** To be told of every connection before its first request. */
  readonly connections: Connections;
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** The same for a request that waits for `100 Continue` before it sends its body. */
  handleExpecting(req: IncomingMessage, res: ServerResponse): void;
  /** Refuses an expectation other than that. */
  refuseExpectation(req: IncomingMessage, res: ServerResponse): void;
  /** Answers what could not be read as a request. */
  handleClientError(error: Error, socket: Duplex): void;
  /** Logs an answer that is our fault. */
  logFailure(error: ApiError, reply: Pick<Reply, 'requestId' | 'span'>): void;
  /** From now on every answer closes its connection. */
  windDown(): void;
}

/**
 * Builds the ingest surface: `POST /datasets…` goes the short way ({@link ingest}), all else through
 * Express. It neither listens nor reads the environment.
 */
export function createApp(deps: AppDeps): App {
  const logFailure: App['logFailure'] = (error, { requestId, span }) => {
    if (error.status < 500) return;
    const level = error.code === 'internal' ? 'error' : 'warn';
    const line = { requestId, trace_id: span?.traceId, code: error.code, err: error.cause };
    deps.logger[level](line, error.message);
  };
  const express = createExpressApp({ ...deps, onFailure: logFailure });
  const connections = new Connections();
  const policy: ReplyPolicy = { closeConnections: false };

  const openReply: OpenReply = (req, res) => {
    const reply = new Reply(req, res, performance.now(), policy);
    connections.begin(reply);
    return reply;
  };
  const open = deps.tracing === null ? openReply : traceRequests(deps.tracing, openReply);

  function route(reply: Reply): void {
    const { req, res } = reply;
    const target = req.method === 'POST' ? parseTarget(req.url ?? '') : null;
    if (target !== null) {
      reply.closes = deps.fastLane && isPlain(target) && connections.mayReturn(reply) && !asksForMore(req.headers);
      ingest(deps, target, reply)
        .catch((thrown: unknown) => failed(reply, thrown))
        .finally(() => {
          connections.finish(reply);
          const records = { bad: reply.badRecords, oversized: reply.oversizedRecords };
          deps.metrics.observe(reply.outcome, performance.now() - reply.startedAt, records);
        });
      return;
    }
    rememberReply(reply);
    res.once('close', () => {
      connections.finish(reply);
      deps.metrics.count(reply.outcome);
    });
    express(req, res);
  }

  function failed(reply: Reply, thrown: unknown): void {
    if (thrown instanceof ClientGoneError) {
      if (!reply.answered) reply.outcome = 'client_gone';
      return;
    }
    const error = toApiError(thrown);
    logFailure(error, reply);
    reply.fail(error);
  }

  return {
    connections,
    handle: (req, res) => route(open(req, res)),
    handleExpecting(req, res) {
      const reply = open(req, res);
      reply.expectsContinue = true;
      route(reply);
    },
    refuseExpectation(req, res) {
      const reply = open(req, res);
      reply.fail(new ApiError('invalid_request', 'The only Expect header understood is "100-continue".'));
      connections.finish(reply);
    },
    handleClientError: (error, socket) => answerClientError(error, socket, connections.get(socket)),
    logFailure,
    windDown() {
      policy.closeConnections = true;
    },
  };
}
