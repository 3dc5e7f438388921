import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  createTestDatabase,
  createTestRedis,
  freePorts,
  program,
  type Restartable,
  restartable,
  startBalancer,
} from '@loguro/testing';

/** Two processes of each service behind a gateway, or several, all of them as built. */
export interface Replicas {
  /** Base URLs of the two control planes and of the two ingest APIs. */
  control: string[];
  ingest: string[];
  /** Base URL of the gateway, or of the load balancer in front of several; its host decides for the control plane. */
  gateway: string;
  /** Of an account that owns the project `local`. */
  pat: string;
  /** Of the database, as its owner. */
  ownerUrl: string;
  /** What can be replaced while clients go on. */
  processes: { control: Restartable[]; workers: Restartable[]; ingest: Restartable[]; gateways: Restartable[] };
  stop(): Promise<void>;
}

/** Options of {@link startReplicas}. */
export interface ReplicasOptions {
  /** Without them, records stay in the queue. Default 0. */
  workers?: number;
  /** Behind a load balancer when there is more than one. Default 1. */
  gateways?: number;
  /** `LOGURO_DRAIN_MS` of the services; their own default unless given. */
  drainMs?: number;
  /** At the gateway; its own default unless given. 0: no address is held back. */
  failedCredentialsPerMinute?: number;
  /** Of every process. Default `fatal`. */
  logLevel?: 'fatal' | 'trace';
  /** Puts something between the processes and a server, given its URL. Called for each URL of the database and the queue. */
  through?: (url: string) => Promise<string>;
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

const CONTROL = 'services/control-plane/dist/main.js';
const INGEST = 'services/ingest/dist/api/main.js';
const WORKER = 'services/ingest/dist/worker/main.js';

/** Starts them over a database and a Redis of their own. */
export async function startReplicas({
  workers = 0,
  gateways = 1,
  drainMs,
  failedCredentialsPerMinute: failures,
  logLevel = 'fatal',
  through = async (url) => url,
}: ReplicasOptions = {}): Promise<Replicas> {
  const database = await createTestDatabase();
  const redis = await createTestRedis();
  const ports = await freePorts(8 + workers + 2 * gateways);
  const next = () => ports.pop() as number;
  const logs = { LOGURO_LOG_LEVEL: logLevel };
  const drain = drainMs === undefined ? {} : { LOGURO_DRAIN_MS: String(drainMs) };
  const control = {
    LOGURO_DATABASE_URL: await through(database.controlUrl),
    LOGURO_QUERY_DATABASE_URL: await through(database.queryUrl),
    LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
    ...drain,
  };
  const queue = {
    LOGURO_DATABASE_URL: await through(database.ingestUrl),
    LOGURO_QUEUE_URL: await through(redis.url),
    LOGURO_REDIS_POLICY: 'warn',
  };
  const listening = (script: string, env: Record<string, string>) => {
    const port = next();
    const process = restartable(script, next(), { LOGURO_PORT: String(port), ...logs, ...env });
    return { url: `http://127.0.0.1:${port}`, port, opsPort: process.opsPort, process };
  };
  const controls = times(2, () => listening(CONTROL, control));
  const ingests = times(2, () => listening(INGEST, { ...queue, ...drain }));
  const urlsOf = (listeners: readonly { url: string }[]) => listeners.map(({ url }) => url);
  const fronts = times(gateways, () =>
    listening('gateway/dist/main.js', {
      LOGURO_CONTROL_UPSTREAM: urlsOf(controls).join(','),
      LOGURO_INGEST_UPSTREAM: urlsOf(ingests).join(','),
      LOGURO_ACCESS_LOG: 'all',
      ...(failures === undefined ? {} : { LOGURO_FAILED_CREDENTIALS_PER_MINUTE: String(failures) }),
    }),
  );
  const processes = {
    control: controls.map(({ process }) => process),
    ingest: ingests.map(({ process }) => process),
    workers: times(workers, () => restartable(WORKER, next(), { ...queue, ...logs })),
    gateways: fronts.map(({ process }) => process),
  };
  const all = Object.values(processes).flat();
  const balancer = await startBalancer(fronts);
  const stop = async () => {
    await balancer.close();
    await Promise.all(all.map((one) => one.end('SIGKILL')));
    await redis.drop();
    await database.drop();
  };
  try {
    const pat = createAccount(database.controlUrl);
    const [first, ...others] = all as [Restartable, ...Restartable[]];
    // The first control plane makes the signing key.
    await first.start();
    await Promise.all(others.map((one) => one.start()));
    return {
      control: urlsOf(controls),
      ingest: urlsOf(ingests),
      gateway: gateways === 1 ? (fronts[0] as { url: string }).url : balancer.url,
      pat,
      ownerUrl: database.ownerUrl,
      processes,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the account and its project `local`; returns the account's token. */
export function createAccount(controlUrl: string): string {
  const account = ['create-account', '--email', 'a@example.com', '--name', 'A', '--project', 'local', '--json'];
  const printed = execFileSync(process.execPath, [program('services/control-plane/dist/admin/main.js'), ...account], {
    env: { LOGURO_DATABASE_URL: controlUrl },
    encoding: 'utf8',
  });
  return (JSON.parse(printed) as { secret: string }).secret;
}
