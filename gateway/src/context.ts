import type { Tracing } from '@loguro/telemetry';
import type { AccessLog } from './access-log.js';
import type { GatewayOptions } from './config.js';
import type { CredentialGuard } from './credential-guard.js';
import type { HostTable, Surface } from './hosts.js';
import type { GatewayMetrics } from './metrics.js';
import type { UpstreamGroup } from './upstream-group.js';

/** What every request needs; one per gateway. */
export interface GatewayContext {
  readonly options: GatewayOptions;
  readonly hosts: HostTable;
  readonly groups: Readonly<Record<Surface, UpstreamGroup>>;
  readonly isTrusted: (address: string | undefined) => boolean;
  /** null: nobody is held back. */
  readonly guard: CredentialGuard | null;
  readonly metrics: GatewayMetrics;
  readonly accessLog: AccessLog;
  /** null: off. */
  readonly tracing: Tracing | null;
  readonly protocol: 'http' | 'https';
  /** Set once the gateway drains: every answer then closes its connection. */
  draining: boolean;
  /** Bytes of request bodies held right now. */
  bufferedBytes: number;
}
