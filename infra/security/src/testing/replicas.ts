import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@loguro/servers';
import { createTestDatabase, createTestRedis, waitFor } from '@loguro/testing';

/** Two processes of each service behind one gateway, all of them as built. */
export interface Replicas {
  /** Base URLs of the two control planes and of the two ingest APIs. */
  control: string[];
  ingest: string[];
  /** Base URL of the gateway; its host decides for the control plane. */
  gateway: string;
  /** Of an account that owns the project `local`. */
  pat: string;
  stop(): Promise<void>;
}

const program = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

/** Starts them over a database and a Redis of their own. */
export async function startReplicas(): Promise<Replicas> {
  const database = await createTestDatabase();
  const redis = await createTestRedis();
  const account = ['create-account', '--email', 'a@example.com', '--name', 'A', '--project', 'local', '--json'];
  const printed = execFileSync(process.execPath, [program('services/control-plane/dist/admin/main.js'), ...account], {
    env: { LOGURO_DATABASE_URL: database.controlUrl },
    encoding: 'utf8',
  });
  const { secret: pat } = JSON.parse(printed) as { secret: string };
  const ports = await freePorts(10);
  const children: ChildProcess[] = [];
  const at = (index: number) => `http://127.0.0.1:${ports[index]}`;
  const start = (script: string, index: number, env: Record<string, string>) => {
    const child = spawn(process.execPath, [program(script)], {
      env: {
        LOGURO_PORT: String(ports[index]),
        LOGURO_OPS_PORT: String(ports[index + 5]),
        LOGURO_LOG_LEVEL: 'fatal',
        ...env,
      },
      stdio: 'ignore',
    });
    children.push(child);
    return waitFor(async () => (await fetch(`${at(index + 5)}/readyz`)).ok, {
      timeoutMs: 60_000,
      what: `${script} to be ready`,
    });
  };
  const control = {
    LOGURO_DATABASE_URL: database.controlUrl,
    LOGURO_QUERY_DATABASE_URL: database.queryUrl,
    LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
  };
  const ingest = {
    LOGURO_DATABASE_URL: database.ingestUrl,
    LOGURO_QUEUE_URL: redis.url,
    LOGURO_REDIS_POLICY: 'warn',
    LOGURO_DRAIN_MS: '0',
  };
  // The first control plane makes the signing key.
  await start('services/control-plane/dist/main.js', 0, { ...control, LOGURO_DRAIN_MS: '0' });
  await Promise.all([
    start('services/control-plane/dist/main.js', 1, { ...control, LOGURO_DRAIN_MS: '0' }),
    start('services/ingest/dist/api/main.js', 2, ingest),
    start('services/ingest/dist/api/main.js', 3, ingest),
  ]);
  await start('gateway/dist/main.js', 4, {
    LOGURO_CONTROL_UPSTREAM: `${at(0)},${at(1)}`,
    LOGURO_INGEST_UPSTREAM: `${at(2)},${at(3)}`,
  });
  return {
    control: [at(0), at(1)],
    ingest: [at(2), at(3)],
    gateway: at(4),
    pat,
    async stop() {
      const exited = children.map((child) => (child.exitCode === null ? once(child, 'exit') : undefined));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(exited);
      await redis.drop();
      await database.drop();
    },
  };
}
