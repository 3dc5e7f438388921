import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, freePorts, type ProcessIdentity, portFault, withClient, withUrl } from '@loguro/servers';
import { runAdmin } from './admin-command.js';
import type { LocalConfig } from './config.js';
import { checkDatabase, type DataFolder, openDataFolder } from './data-folder.js';
import { CHILDREN, type ChildName, type LocalFile, readLocalFile, writeLocalFile } from './local-file.js';
import { lockDataFolder } from './lock.js';
import { createCluster, startPostgres } from './postgres-process.js';
import { ProcessRecord } from './process-record.js';
import { type Credentials, ensureCredentials, ensureExampleDataset, PROJECT } from './provision.js';
import type { Reporter } from './reporter.js';
import { createSecrets, readSecrets, type Secrets } from './secrets.js';
import { startService } from './service-process.js';
import { DATABASE, type Ports, publicUrls, type Service, type ServiceName, servicesOf } from './services.js';
import { type RunningProcess, SupervisedProcess } from './supervised-process.js';
import { UserError } from './user-error.js';

/** What is known of a stack that runs. */
export interface RunningStack extends LocalFile {
  /** Of the dataset that the printed examples use. */
  datasetId: number;
}

/** Far more than a start takes, also on a machine that is busy with something else. */
const READY_TIMEOUT_MS = 60_000;
/** A service that has not drained by then is killed: what it accepted is in the queue already. */
const STOP_GRACE_MS = 8_000;
/** Back-off of restarts. */
const RESTARTS = { minDelayMs: 200, maxDelayMs: 10_000, stableMs: 30_000 };
const MAX_LOG_BYTES = 20 * 1024 * 1024;

/** PostgreSQL and the four services on one data folder, kept running until they are stopped. */
export class Stack {
  readonly #config: LocalConfig;
  readonly #reporter: Reporter;
  readonly #aborted = new AbortController();
  readonly #children = new Map<ChildName, SupervisedProcess>();
  readonly #pids = Object.fromEntries(CHILDREN.map((name) => [name, null])) as LocalFile['pids'];
  #record: ProcessRecord | undefined;
  #unlock: (() => void) | undefined;
  /** What local.json says, without the pids; known once the credentials are. */
  #published: Omit<LocalFile, 'pids'> | undefined;

  constructor(config: LocalConfig, reporter: Reporter) {
    this.#config = config;
    this.#reporter = reporter;
  }

  /**
   * Starts everything and resolves when it can be used.
   *
   * @throws UserError when something of the surroundings is in the way
   */
  async start(): Promise<RunningStack> {
    const folder = openDataFolder(this.#config.dataFolder);
    this.#unlock = lockDataFolder(folder.path);
    this.#record = new ProcessRecord(folder.path);
    const leftovers = await this.#record.endLeftovers();
    if (leftovers.length > 0)
      this.#reporter.notice(`Ended what an earlier start had left running: ${leftovers.join(', ')}.`);
    const known = readLocalFile(folder.path);
    const ports = await this.#choosePorts();
    if (known !== undefined) this.#publish({ ...known, ...publicUrls(ports.gateway) });

    const secrets = await this.#startDatabase(folder, ports);
    const services = servicesOf(this.#config, ports, secrets);
    await this.#reporter.step('Gateway, control plane, ingest API and ingest worker are ready', () =>
      this.#startServices(folder, services, ports),
    );
    return this.#reporter.step('Account, project and keys are ready', () => this.#provision(ports, secrets, known));
  }

  /** Ends everything, each before what it needs. Safe at any time, more than once. */
  async stop(): Promise<void> {
    this.#aborted.abort();
    await this.#children.get('gateway')?.stop(STOP_GRACE_MS);
    await Promise.all(
      (['ingestApi', 'controlPlane'] as const).map((name) => this.#children.get(name)?.stop(STOP_GRACE_MS)),
    );
    await this.#children.get('ingestWorker')?.stop(STOP_GRACE_MS);
    await this.#children.get('postgres')?.stop(STOP_GRACE_MS);
    this.#unlock?.();
  }

  async #choosePorts(): Promise<Ports> {
    const { port: wanted, host } = this.#config;
    const gateway = wanted === 0 ? await freePort() : wanted;
    await refuseTakenPort(gateway, host);
    const [postgres, controlPlane, ingestApi, ...ops] = (await freePorts(7)) as [number, number, number, ...number[]];
    const names: ServiceName[] = ['gateway', 'controlPlane', 'ingestApi', 'ingestWorker'];
    return {
      gateway,
      postgres,
      controlPlane,
      ingestApi,
      ops: Object.fromEntries(names.map((name, i) => [name, ops[i]])) as Ports['ops'],
    };
  }

  async #startDatabase(folder: DataFolder, ports: Ports): Promise<Secrets> {
    const existing = readSecrets(folder.path);
    const hasDatabase = checkDatabase(folder, existing !== undefined);
    const secrets = existing ?? createSecrets(folder.path);
    const password = secrets.superuserPassword;
    if (!hasDatabase) {
      const signal = this.#aborted.signal;
      await this.#reporter.step(
        'Creating the database',
        () => createCluster(folder, { password, signal }),
        (elsewhere) =>
          elsewhere === undefined
            ? 'Created the database'
            : `Created the database in ${elsewhere}, where PostgreSQL's user can reach it`,
      );
    }
    const start = (spawned: (identity: ProcessIdentity) => void) =>
      startPostgres({ folder, port: ports.postgres, password }, spawned);
    await this.#reporter.step('PostgreSQL is ready', () => this.#supervise(folder, 'postgres', 'postgres', start));
    await this.#reporter.step('The database is migrated', () => this.#migrate(superuserUrl(ports, secrets), secrets));
    return secrets;
  }

  async #migrate(url: string, secrets: Secrets): Promise<void> {
    await withClient(withUrl(url, { database: 'postgres' }), async (client) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE "${DATABASE}"`);
    });
    const env = {
      LOGURO_MIGRATE_DATABASE_URL: url,
      LOGURO_CONTROL_PASSWORD: secrets.controlPassword,
      LOGURO_QUERY_PASSWORD: secrets.queryPassword,
      LOGURO_INGEST_PASSWORD: secrets.ingestPassword,
    };
    await runAdmin({ env, signal: this.#aborted.signal }, 'migrate');
  }

  async #startServices(folder: DataFolder, services: readonly Service[], ports: Ports): Promise<void> {
    const start = ({ name, title, program, env }: Service) => {
      const logFile = join(folder.logs, `${title}.log`);
      const options = { program, env, logFile, opsPort: ports.ops[name], readyTimeoutMs: READY_TIMEOUT_MS };
      return this.#supervise(folder, name, title, (spawned) => startService(options, spawned));
    };
    // The gateway last: it is ready only when it reaches the others, and a fault should be told of its cause.
    await Promise.all(services.filter(({ name }) => name !== 'gateway').map(start));
    await Promise.all(services.filter(({ name }) => name === 'gateway').map(start));
  }

  async #supervise(
    folder: DataFolder,
    name: ChildName,
    title: string,
    start: (spawned: (identity: ProcessIdentity) => void) => Promise<RunningProcess>,
  ): Promise<void> {
    this.#aborted.signal.throwIfAborted();
    const log = join(folder.logs, `${title}.log`);
    keepSmall(log);
    const child = new SupervisedProcess({
      start,
      onChange: (identity) => this.#changed(name, identity),
      onFailure: (reason, delayMs) =>
        this.#reporter.notice(`${title} ended (${reason}); starting it again in ${delayMs / 1000} s. See ${log}`),
      ...RESTARTS,
    });
    this.#children.set(name, child);
    try {
      await child.start();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserError(`${title} did not start: ${reason}. Its log is ${log}`);
    }
  }

  async #provision(ports: Ports, secrets: Secrets, known: Partial<Credentials> | undefined): Promise<RunningStack> {
    const urls = publicUrls(ports.gateway);
    const env = { LOGURO_MIGRATE_DATABASE_URL: superuserUrl(ports, secrets) };
    const credentials = await ensureCredentials({
      ...urls,
      admin: { env, signal: this.#aborted.signal },
      known: known ?? {},
    });
    this.#publish({ ...urls, project: PROJECT, ...credentials });
    const datasetId = await ensureExampleDataset(urls.apiUrl, credentials.pat);
    return { ...urls, project: PROJECT, ...credentials, pids: this.#pids, datasetId };
  }

  #changed(name: ChildName, identity: ProcessIdentity | null) {
    this.#pids[name] = identity?.pid ?? null;
    this.#record?.set(name, identity);
    this.#publish(this.#published);
  }

  #publish(content: Omit<LocalFile, 'pids'> | undefined) {
    this.#published = content;
    if (content !== undefined) writeLocalFile(this.#config.dataFolder, { ...content, pids: this.#pids });
  }
}

function superuserUrl(ports: Ports, secrets: Secrets): string {
  return withUrl(`postgres://127.0.0.1:${ports.postgres}/${DATABASE}`, {
    user: 'postgres',
    password: secrets.superuserPassword,
  });
}

/** `localhost` is ::1 first for many clients: somebody else there would get our requests. */
async function refuseTakenPort(port: number, host: string): Promise<void> {
  const faults = await Promise.all([...new Set([host, '::1'])].map((address) => portFault(port, address)));
  if (faults.includes('EADDRINUSE')) {
    throw new UserError(
      `Port ${port} is in use. Stop what uses it, or choose another: LOGURO_PORT=${port + 1} npx pnpm start`,
    );
  }
  if (faults.includes('EACCES')) {
    throw new UserError(
      `Port ${port} may not be used by this user. Choose one above 1023: LOGURO_PORT=8080 npx pnpm start`,
    );
  }
  if (faults[0] !== undefined) throw new UserError(`The gateway can't listen on ${host}, port ${port}: ${faults[0]}.`);
}

/** One older generation of each log is kept. */
function keepSmall(log: string): void {
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(log, `${log}.old`);
}
