import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Tracing } from '@loguro/telemetry';
import { type ShutdownStep, startOpsServer } from '@loguro/types/operations';
import type { Logger } from 'pino';
import { assemble } from './assemble.js';
import type { Config } from './config.js';
import { untilReady } from './database/until-ready.js';
import { listen } from './http/listen.js';

/** A control plane that serves. */
export interface ControlPlane {
  /** Of the API. */
  port: number;
  opsPort: number;
  /** What stopping takes, in order; for `installShutdown`, or to run by hand. */
  steps: ShutdownStep[];
}

/**
 * Starts the control plane. While the database is away or not migrated, only the internal port answers, and says
 * so; the API's port opens when both the database and the signing key are usable.
 *
 * @throws SecretKeyError
 */
export async function startControlPlane(
  config: Config,
  version: string,
  logger: Logger,
  tracing: Tracing | null = null,
): Promise<ControlPlane> {
  const assembly = assemble(config, version, logger, tracing);
  const { app, signingKeys, metrics, readiness, tails, maintenance, closing } = assembly;
  const { host, bodyTimeoutMs, drainMs } = config;
  const ops = await startOpsServer({
    host,
    port: config.opsPort,
    readiness: readiness.problems,
    metrics: () => metrics.registry.metrics(),
  });
  const closeAll: ShutdownStep[] = [...closing, { name: 'close internal port', run: () => closeOps(ops) }];
  try {
    await untilReady(() => signingKeys.current(), { logger, onProblem: readiness.starting });
    // The body has a timeout of its own, with an answer; this one is for what never becomes a request.
    const requestTimeoutMs = bodyTimeoutMs + 5000;
    const api = await listen(app, { host, port: config.port, requestTimeoutMs, drainMs });
    readiness.started();
    maintenance.start();
    return {
      port: api.port,
      opsPort: (ops.address() as AddressInfo).port,
      steps: [
        { name: 'say not ready', run: () => readiness.stopping() },
        { name: 'answer waiting tails', run: async () => tails.stopWaiting() },
        { name: 'finish requests', run: () => api.stop() },
        ...closeAll,
      ],
    };
  } catch (error) {
    for (const step of closeAll) await step.run();
    throw error;
  }
}

function closeOps(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
