import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createTestDatabase, createTestRedis } from '@loguro/testing';
import { portsToReturnTo, program, type Restartable, restartable } from './restartable.js';

/** Two processes of each service behind one gateway, all of them as built. */
export interface Replicas {
  /** Base URLs of the two control planes and of the two ingest APIs. */
  control: string[];
  ingest: string[];
  /** Base URL of the gateway; its host decides for the control plane. */
  gateway: string;
  /** Of an account that owns the project `local`. */
  pat: string;
  /** Of the database, as its owner. */
  ownerUrl: string;
  /** What can be replaced while clients go on. */
  processes: { control: Restartable[]; workers: Restartable[]; ingest: Restartable[] };
  stop(): Promise<void>;
}

/** Options of {@link startReplicas}. */
export interface ReplicasOptions {
  /** Without them, records stay in the queue. Default 0. */
  workers?: number;
  /** `LOGURO_DRAIN_MS` of the services; their own default unless given. */
  drainMs?: number;
}

const CONTROL = 'services/control-plane/dist/main.js';
const INGEST = 'services/ingest/dist/api/main.js';
const WORKER = 'services/ingest/dist/worker/main.js';

/** Starts them over a database and a Redis of their own. */
export async function startReplicas({ workers = 0, drainMs }: ReplicasOptions = {}): Promise<Replicas> {
  const database = await createTestDatabase();
  const redis = await createTestRedis();
  const ports = await portsToReturnTo(10 + workers);
  const at = (index: number) => `http://127.0.0.1:${ports[index]}`;
  const listening = (script: string, index: number, env: Record<string, string>) =>
    restartable(script, ports[index + 5] as number, { LOGURO_PORT: String(ports[index]), ...env });
  const drain = drainMs === undefined ? {} : { LOGURO_DRAIN_MS: String(drainMs) };
  const control = {
    LOGURO_DATABASE_URL: database.controlUrl,
    LOGURO_QUERY_DATABASE_URL: database.queryUrl,
    LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
    ...drain,
  };
  const queue = {
    LOGURO_DATABASE_URL: database.ingestUrl,
    LOGURO_QUEUE_URL: redis.url,
    LOGURO_REDIS_POLICY: 'warn',
  };
  const processes = {
    control: [0, 1].map((index) => listening(CONTROL, index, control)),
    ingest: [2, 3].map((index) => listening(INGEST, index, { ...queue, ...drain })),
    workers: Array.from({ length: workers }, (_, index) => restartable(WORKER, ports[10 + index] as number, queue)),
  };
  const gateway = listening('gateway/dist/main.js', 4, {
    LOGURO_CONTROL_UPSTREAM: `${at(0)},${at(1)}`,
    LOGURO_INGEST_UPSTREAM: `${at(2)},${at(3)}`,
  });
  const all = [...processes.control, ...processes.ingest, ...processes.workers, gateway];
  const stop = async () => {
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
      control: [at(0), at(1)],
      ingest: [at(2), at(3)],
      gateway: at(4),
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
function createAccount(controlUrl: string): string {
  const account = ['create-account', '--email', 'a@example.com', '--name', 'A', '--project', 'local', '--json'];
  const printed = execFileSync(process.execPath, [program('services/control-plane/dist/admin/main.js'), ...account], {
    env: { LOGURO_DATABASE_URL: controlUrl },
    encoding: 'utf8',
  });
  return (JSON.parse(printed) as { secret: string }).secret;
}
