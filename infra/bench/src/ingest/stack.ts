import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  findRedis,
  freePort,
  freePorts,
  giveTo,
  initialiseCluster,
  startPostgresServer,
  startRedisServer,
  unprivilegedUser,
  waitFor,
  withClient,
  withUrl,
} from '@loguro/servers';
import { startServer } from '../server-process.js';
import { FIELDS } from './rows.js';
import { type Service, startService } from './service.js';
import { type StoredRows, watchStoredRows } from './stored-rows.js';

const ADMIN = fileURLToPath(new URL('../../../../services/control-plane/dist/admin/main.js', import.meta.url));
const CONTROL_PLANE = fileURLToPath(new URL('../../../../services/control-plane/dist/main.js', import.meta.url));
const PASSWORD = 'bench';

/** The kinds of queue that are measured. */
export type QueueKind = 'everysec' | 'always' | 'postgres';

/** Servers and one dataset, made the way operators and users make them. */
export interface IngestStack extends StoredRows {
  folder: string;
  ownerUrl: string;
  ingestUrl: string;
  dataset: number;
  /** Qualified name of its table. */
  table: string;
  /** A project key. */
  key: string;
  queueUrl(kind: QueueKind): string;
  startApi(kind: QueueKind): Promise<Service>;
  startWorker(kind: QueueKind): Promise<Service>;
  close(): Promise<void>;
}

/** Starts everything in a folder of its own. */
export async function startStack(say: (line: string) => void): Promise<IngestStack> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-bench-'));
  chmodSync(folder, 0o755);
  giveTo(unprivilegedUser(), folder);
  const data = join(folder, 'data');
  await initialiseCluster({ folder: data, password: PASSWORD, durable: false });
  const postgres = await startPostgresServer({
    folder: data,
    port: await freePort(),
    password: PASSWORD,
    log: 'ignore',
    settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
  });
  const program = findRedis({ path: process.env.PATH ?? '', say });
  const everysec = await startRedisServer({ program, folder: subfolder(folder, 'everysec') });
  const always = await startRedisServer({ program, folder: subfolder(folder, 'always'), appendfsync: 'always' });
  await withClient(postgres.url, (client) => client.query('CREATE DATABASE loguro'));
  const ownerUrl = withUrl(postgres.url, { database: 'loguro' });
  const as = (role: string) => withUrl(ownerUrl, { user: role, password: PASSWORD });
  const { dataset, key } = await createDataset(ownerUrl, as);
  const ingestUrl = as('loguro_ingest');
  const table = `records.dataset_${dataset}`;
  const rows = await watchStoredRows(ownerUrl, table);
  const queueUrl = (kind: QueueKind) => ({ everysec: everysec.url, always: always.url, postgres: ingestUrl })[kind];
  const env = (kind: QueueKind) => ({ LOGURO_DATABASE_URL: ingestUrl, LOGURO_QUEUE_URL: queueUrl(kind) });
  return {
    folder,
    ownerUrl,
    ingestUrl,
    dataset,
    table,
    key,
    queueUrl,
    startApi: (kind) => startService('api', env(kind)),
    startWorker: (kind) => startService('worker', env(kind)),
    stored: rows.stored,
    truncate: rows.truncate,
    async close() {
      await rows.close();
      await Promise.all([everysec.stop(), always.stop(), postgres.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function subfolder(folder: string, name: string): string {
  return mkdtempSync(join(folder, `${name}-`));
}

/** Migrates, and makes account, dataset, schema and key through the control plane. */
async function createDataset(
  ownerUrl: string,
  as: (role: string) => string,
): Promise<{ dataset: number; key: string }> {
  const admin = (args: string[], env: Record<string, string>) =>
    execFileSync(process.execPath, [ADMIN, ...args, '--json'], { env, encoding: 'utf8' });
  admin(['migrate'], {
    LOGURO_MIGRATE_DATABASE_URL: ownerUrl,
    LOGURO_CONTROL_PASSWORD: PASSWORD,
    LOGURO_QUERY_PASSWORD: PASSWORD,
    LOGURO_INGEST_PASSWORD: PASSWORD,
  });
  const account = JSON.parse(
    admin(['create-account', '--email', 'bench@example.com', '--name', 'Bench', '--project', 'bench'], {
      LOGURO_DATABASE_URL: as('loguro_control'),
    }),
  ) as { secret: string };
  const [port, opsPort] = (await freePorts(2)) as [number, number];
  const controlPlane = await startServer(
    CONTROL_PLANE,
    {
      LOGURO_PORT: String(port),
      LOGURO_OPS_PORT: String(opsPort),
      LOGURO_DATABASE_URL: as('loguro_control'),
      LOGURO_QUERY_DATABASE_URL: as('loguro_query'),
      LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
    },
    (output) => (output === '' ? undefined : port),
  );
  try {
    const api = `http://127.0.0.1:${port}/api`;
    await waitFor(async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok, { what: 'the control plane' });
    const post = async (path: string, body: object) => {
      const answer = await fetch(api + path, {
        method: 'POST',
        headers: { Authorization: `Bearer ${account.secret}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
      return JSON.parse(text) as { dataset: { id: number }; secret: string };
    };
    const { dataset } = await post('/datasets/bench', { name: 'Orders' });
    await post(`/datasets/bench/${dataset.id}/schema`, { fields: FIELDS });
    const { secret } = await post('/projects/bench/keys', { name: 'bench', kind: 'server' });
    return { dataset: dataset.id, key: secret };
  } finally {
    await controlPlane.stop();
  }
}
