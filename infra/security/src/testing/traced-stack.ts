import { randomBytes } from 'node:crypto';
import {
  type Answer,
  createTestDatabase,
  createTestRedis,
  freePorts,
  type Restartable,
  restartable,
  SteadyClient,
} from '@loguro/testing';
import { createAccount } from './replicas.js';

/** The processes of a {@link TracedStack}. */
export const PROCESSES = ['gateway', 'control-plane', 'ingest-api', 'ingest-worker'] as const;
export type ProcessName = (typeof PROCESSES)[number];

const SCRIPTS: Record<ProcessName, string> = {
  gateway: 'gateway/dist/main.js',
  'control-plane': 'services/control-plane/dist/main.js',
  'ingest-api': 'services/ingest/dist/api/main.js',
  'ingest-worker': 'services/ingest/dist/worker/main.js',
};

/** One process of each kind, as built, on a database and a Redis of their own. Nothing runs until {@link start}. */
export interface TracedStack {
  /** Of an account that owns the project `local`; known once the stack was started. */
  readonly pat: string;
  /** Of the database, as its owner. */
  readonly ownerUrl: string;
  /** What a process wrote since it was last started. */
  output(name: ProcessName): string;
  /** Starts what does not run, with these variables added to everything's own. */
  start(env: Record<string, string>): Promise<void>;
  /** Ends everything; returns the exit codes. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<(number | null)[]>;
  /** Asks the gateway for something of the control plane. */
  control(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
  /** Sends records to the gateway. */
  ingest(path: string, key: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  drop(): Promise<void>;
}

export async function createTracedStack(): Promise<TracedStack> {
  const database = await createTestDatabase();
  const redis = await createTestRedis();
  const ports = await freePorts(8);
  const [gatewayPort, controlPort, ingestPort] = ports as [number, number, number];
  const queue = { LOGURO_DATABASE_URL: database.ingestUrl, LOGURO_QUEUE_URL: redis.url, LOGURO_REDIS_POLICY: 'warn' };
  const own: Record<ProcessName, Record<string, string>> = {
    gateway: {
      LOGURO_PORT: String(gatewayPort),
      LOGURO_CONTROL_UPSTREAM: `http://127.0.0.1:${controlPort}`,
      LOGURO_INGEST_UPSTREAM: `http://127.0.0.1:${ingestPort}`,
      LOGURO_ACCESS_LOG: 'all',
      LOGURO_DRAIN_GRACE_MS: '0',
    },
    'control-plane': {
      LOGURO_PORT: String(controlPort),
      LOGURO_DATABASE_URL: database.controlUrl,
      LOGURO_QUERY_DATABASE_URL: database.queryUrl,
      LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
      LOGURO_DRAIN_MS: '0',
    },
    'ingest-api': { LOGURO_PORT: String(ingestPort), ...queue, LOGURO_DRAIN_MS: '0' },
    'ingest-worker': queue,
  };
  const pat = createAccount(database.controlUrl);
  const client = new SteadyClient(`http://127.0.0.1:${gatewayPort}`);
  let running: Restartable[] = [];
  let latest: Restartable[] = [];
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ended = running;
    running = [];
    return Promise.all(ended.map((one) => one.end(signal)));
  };
  return {
    pat,
    ownerUrl: database.ownerUrl,
    output: (name) => latest[PROCESSES.indexOf(name)]?.stdout.join('\n') ?? '',
    async start(env) {
      running = PROCESSES.map((name, index) =>
        restartable(SCRIPTS[name], ports[4 + index] as number, { LOGURO_LOG_LEVEL: 'info', ...own[name], ...env }),
      );
      latest = running;
      await Promise.all(running.map((one) => one.start()));
    },
    end,
    control: (method, path, body, headers = {}) =>
      client.call({ method, path: `/api${path}`, host: 'localhost', credential: pat, body, headers }),
    ingest: (path, key, body, headers = {}) =>
      client.call({ method: 'POST', path, host: 'ingest.localhost', credential: key, body, headers }),
    async drop() {
      await client.close();
      await end('SIGKILL');
      await redis.drop();
      await database.drop();
    },
  };
}
