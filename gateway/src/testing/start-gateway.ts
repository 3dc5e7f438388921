import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import {
  type ClientLimits,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_UPSTREAM_LIMITS,
  type GatewayOptions,
  type UpstreamLimits,
} from '../config.js';
import { createGateway, type Gateway } from '../gateway.js';

/** What a test wants different from the defaults. */
export interface TestGatewayOptions
  extends Partial<Omit<GatewayOptions, 'client' | 'upstream' | 'controlUpstreams' | 'ingestUpstreams'>> {
  controlUpstreams: readonly string[];
  ingestUpstreams: readonly string[];
  client?: Partial<ClientLimits>;
  upstream?: Partial<UpstreamLimits>;
  /** Default: silent. */
  logger?: Logger;
}

/** A gateway that listens. */
export interface TestGateway {
  port: number;
  gateway: Gateway;
  /** Cuts everything off. */
  close(): Promise<void>;
}

/** The hosts of {@link startGateway} unless a test says otherwise. */
export const CONTROL_HOST = 'logu.ro';
export const INGEST_HOST = 'ingest.logu.ro';

/** Starts a gateway on a free port, for tests. */
export async function startGateway({ logger, ...wanted }: TestGatewayOptions): Promise<TestGateway> {
  const gateway = createGateway(
    {
      controlHosts: [CONTROL_HOST],
      ingestHosts: [INGEST_HOST],
      trustedProxies: [],
      failedCredentialsPerMinute: 0,
      accessLog: 'off',
      drainGraceMs: 0,
      ...wanted,
      client: { ...DEFAULT_CLIENT_LIMITS, ...wanted.client },
      upstream: { ...DEFAULT_UPSTREAM_LIMITS, ...wanted.upstream },
    },
    logger ?? pino({ level: 'silent' }),
  );
  await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
  return {
    gateway,
    port: (gateway.server.address() as AddressInfo).port,
    close: () => gateway.destroy(),
  };
}
