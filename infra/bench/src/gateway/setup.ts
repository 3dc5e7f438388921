import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DEFAULT_CLIENT_LIMITS, DEFAULT_UPSTREAM_LIMITS } from '@loguro/gateway';
import { startNginx } from '@loguro/nginx';
import { type ServerProcess, startServer } from '../server-process.js';

const GATEWAY = fileURLToPath(
  new URL('main.js', `file://${createRequire(import.meta.url).resolve('@loguro/gateway')}`),
);
const BARE_SERVER = fileURLToPath(new URL('../load/bare-server.js', import.meta.url));

/** The host that both route to the bare server. */
const HOST = 'ingest.localhost';

/** A record of the size they usually have: 5 typed fields, timestamp, context. */
const RECORD = JSON.stringify({
  timestamp: '2026-06-10T10:58:00.123Z',
  context: { source: 'billing', region: 'eu-central', version: '1.42.0', host: 'worker-17', build: 'a1b2c3d' },
  country: 'RO',
  plan: 'pro',
  amount: 42.5,
  active: true,
  signup_at: '2026-06-01T08:00:00Z',
});

/** A single POST with the headers a client sends; the key is as long as a real one. */
export const REQUEST = [
  'POST /datasets/13 HTTP/1.1',
  `Host: ${HOST}:8080`,
  `Authorization: Bearer ${'x'.repeat(300)}`,
  'Content-Type: application/json',
  'User-Agent: bench',
  'Accept: */*',
  `Content-Length: ${Buffer.byteLength(RECORD)}`,
  '',
  RECORD,
].join('\r\n');

/** The bare backend: what everything is compared with. */
export function startBareServer(): Promise<ServerProcess> {
  return startServer(BARE_SERVER, {}, (output) => {
    const port = /^(\d+)\n/.exec(output)?.[1];
    return port === undefined ? undefined : Number(port);
  });
}

/** The gateway as it runs in production, in front of a server on the given port. */
export function startGatewayProcess(backendPort: number): Promise<ServerProcess> {
  const upstream = `http://127.0.0.1:${backendPort}`;
  const env = {
    LOGURO_PORT: '0',
    LOGURO_OPS_PORT: '0',
    LOGURO_INGEST_HOSTS: HOST,
    LOGURO_CONTROL_UPSTREAM: upstream,
    LOGURO_INGEST_UPSTREAM: upstream,
  };
  return startServer(GATEWAY, env, (output) => {
    const line = /^\{.*"message":"listening"\}$/m.exec(output)?.[0];
    return line === undefined ? undefined : (JSON.parse(line) as { address: { port: number } }).address.port;
  });
}

/** nginx with the same routing, one worker as the gateway is one process. */
export function startNginxProcess(backendPort: number) {
  const upstream = `http://127.0.0.1:${backendPort}`;
  return startNginx({
    controlHosts: ['logu.ro'],
    ingestHosts: [HOST],
    controlUpstreams: [upstream],
    ingestUpstreams: [upstream],
    trustedProxies: [],
    failedCredentialsPerMinute: 60,
    accessLog: 'errors',
    drainGraceMs: 0,
    client: DEFAULT_CLIENT_LIMITS,
    upstream: DEFAULT_UPSTREAM_LIMITS,
  });
}
