import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  freePort,
  freePorts,
  giveTo,
  initialiseCluster,
  startPostgresServer,
  unprivilegedUser,
  waitFor,
  withClient,
  withUrl,
} from '@loguro/servers';
import { startServer } from '../server-process.js';
import { FIELDS, fillTable } from './dataset.js';

const ADMIN = fileURLToPath(new URL('../../../../services/control-plane/dist/admin/main.js', import.meta.url));
const CONTROL_PLANE = fileURLToPath(new URL('../../../../services/control-plane/dist/main.js', import.meta.url));
const GATEWAY = fileURLToPath(
  new URL('main.js', pathToFileURL(createRequire(import.meta.url).resolve('@loguro/gateway'))),
);
const PASSWORD = 'bench';

/** PostgreSQL with a large dataset, and the processes through which it is queried. */
export interface QueryStack {
  folder: string;
  ownerUrl: string;
  /** As the role that runs queries. */
  queryUrl: string;
  /** As the role of ingest. */
  ingestUrl: string;
  dataset: number;
  /** Qualified. */
  table: string;
  /** Of the query endpoint, through the gateway. */
  endpoint: string;
  pat: string;
  /** Posts to the API, below the project `bench`: `/datasets/bench…` or `/projects/bench…`. */
  post<T>(path: string, body: object): Promise<T>;
  /** The newest record's time, about. */
  end: string;
  close(): Promise<void>;
}

/** Starts everything in a folder of its own and fills the dataset. */
export async function startQueryStack(rows: number, say: (line: string) => void): Promise<QueryStack> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-bench-'));
  chmodSync(folder, 0o755);
  giveTo(unprivilegedUser(), folder);
  const data = join(folder, 'data');
  await initialiseCluster({ folder: data, password: PASSWORD, durable: false });
  const settings = { shared_buffers: '1GB', max_wal_size: '8GB' };
  const server = { folder: data, port: await freePort(), password: PASSWORD, log: 'ignore' as const, settings };
  const postgres = await startPostgresServer(server);
  await withClient(postgres.url, (client) => client.query('CREATE DATABASE loguro'));
  const ownerUrl = withUrl(postgres.url, { database: 'loguro' });
  const as = (role: string) => withUrl(ownerUrl, { user: role, password: PASSWORD });
  const admin = (args: string[], env: Record<string, string>) =>
    execFileSync(process.execPath, [ADMIN, ...args, '--json'], { env, encoding: 'utf8' });
  const passwords = ['CONTROL', 'QUERY', 'INGEST'].map((role) => [`LOGURO_${role}_PASSWORD`, PASSWORD]);
  admin(['migrate'], { LOGURO_MIGRATE_DATABASE_URL: ownerUrl, ...Object.fromEntries(passwords) });
  const account = ['create-account', '--email', 'bench@example.com', '--name', 'Bench', '--project', 'bench'];
  const { secret: pat } = JSON.parse(admin(account, { LOGURO_DATABASE_URL: as('loguro_control') })) as {
    secret: string;
  };
  const processes = await startProcesses(as);
  const api = `http://127.0.0.1:${processes.port}/api`;
  const post = async <T>(path: string, body: object) => {
    const headers = { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json' };
    const answer = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const { dataset } = await post<{ dataset: { id: number } }>('/datasets/bench', { name: 'Orders' });
  await post(`/datasets/bench/${dataset.id}/schema`, { fields: FIELDS });
  const table = `records.dataset_${dataset.id}`;
  const end = new Date().toISOString();
  say(`filling the dataset with ${rows.toLocaleString('en')} rows`);
  await withClient(ownerUrl, async (client) => {
    for (const statement of fillTable(table, rows, end)) await client.query(statement);
  });
  return {
    folder,
    ownerUrl,
    queryUrl: as('loguro_query'),
    ingestUrl: as('loguro_ingest'),
    post,
    dataset: dataset.id,
    table,
    endpoint: `${api}/datasets/bench/${dataset.id}/query`,
    pat,
    end,
    async close() {
      await processes.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The control plane, and the gateway in front of it. */
async function startProcesses(as: (role: string) => string): Promise<{ port: number; stop(): Promise<void> }> {
  const [port, opsPort] = (await freePorts(2)) as [number, number];
  const environment = {
    LOGURO_PORT: String(port),
    LOGURO_OPS_PORT: String(opsPort),
    LOGURO_LOG_LEVEL: 'warn',
    LOGURO_QUERY_TIMEOUT_MS: '120000',
    // One token asks as fast as it is answered.
    LOGURO_TOKEN_REQUESTS_PER_MINUTE: '0',
    LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '0',
    LOGURO_DATABASE_URL: as('loguro_control'),
    LOGURO_QUERY_DATABASE_URL: as('loguro_query'),
    LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
  };
  const ready = async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`).catch(() => undefined))?.ok;
  const starting = startServer(CONTROL_PLANE, { ...environment, LOGURO_LOG_LEVEL: 'info' }, (output) =>
    output === '' ? undefined : port,
  );
  const controlPlane = await starting;
  await waitFor(ready, { timeoutMs: 20_000, what: 'the control plane' });
  const upstream = `http://127.0.0.1:${port}`;
  const gateway = await startServer(
    GATEWAY,
    { LOGURO_PORT: '0', LOGURO_OPS_PORT: '0', LOGURO_CONTROL_UPSTREAM: upstream, LOGURO_INGEST_UPSTREAM: upstream },
    (output) => {
      const line = /^\{.*"message":"listening"\}$/m.exec(output)?.[0];
      return line === undefined ? undefined : (JSON.parse(line) as { address: { port: number } }).address.port;
    },
  );
  return {
    port: gateway.port,
    async stop() {
      await gateway.stop();
      await controlPlane.stop();
    },
  };
}
