import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, identify, signal } from '@loguro/servers';
import { createDatabaseOn, type TestDatabase } from './database.js';
import { program, type Restartable, restartable } from './restartable.js';
import { forgetServer, noteServer } from './run-folder.js';

/** What a test file has on the shared stack: an account and a project of its own, and how to reach them. */
export interface StackProject {
  /** Base URL of the control plane. */
  apiUrl: string;
  /** Base URL of ingest. */
  ingestUrl: string;
  /** Of the account; it is named "Demo". */
  email: string;
  /** Slug and name of the account's only project. */
  project: string;
  /** Personal access token of the account. */
  pat: string;
  /** Server key of the project. */
  projectKey: string;
  /** A folder with these in `local.json`, as a local stack has it. */
  dataDir: string;
  /** The same as the variables that the command line and the examples read. */
  env: Record<string, string>;
}

/** Options of {@link RunStack}. */
export interface RunStackOptions {
  runFolder: string;
  /** Superuser of a server that has the template. */
  postgresUrl: string;
  /** Added to every process's own. */
  env?: Record<string, string>;
}

const ADMIN = 'services/control-plane/dist/admin/main.js';
/** Nobody waits behind a load balancer here; a process that does not end by then is killed, and told of. */
const END_GRACE_MS = 10_000;
/** Files that run at once come from one address. */
const WITHOUT_LIMITS = {
  LOGURO_FAILED_CREDENTIALS_PER_MINUTE: '0',
  LOGURO_TOKEN_REQUESTS_PER_MINUTE: '0',
  LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '0',
};

/** The gateway, the control plane, the ingest API and the worker, as built, on a database of the run's server. */
export class RunStack {
  readonly #options: RunStackOptions;
  #started: Promise<void> | undefined;
  #hasEnded = false;
  #database: TestDatabase | undefined;
  #processes: Restartable[] = [];
  #gatewayPort = 0;
  #projects = 0;

  constructor(options: RunStackOptions) {
    this.#options = options;
  }

  /**
   * Creates an account that owns one project. The first call starts the stack.
   *
   * @param wanted the project's slug, for tests that run a page which names it; else one is made up
   * @throws Error with the words of the process that did not start, the same on each call
   */
  async createProject(wanted?: string): Promise<StackProject> {
    this.#started ??= this.#start();
    await this.#started;
    const number = ++this.#projects;
    const email = `demo-${number}@localhost`;
    const { slug: project, pat } = await this.#createAccount(email, wanted ?? `project-${number}`);
    if (wanted !== undefined && project !== wanted) throw new Error(`Two test files want the project "${wanted}".`);
    const apiUrl = `http://localhost:${this.#gatewayPort}`;
    const ingestUrl = `http://ingest.localhost:${this.#gatewayPort}`;
    const projectKey = await this.#createKey(project, pat);
    const dataDir = join(this.#options.runFolder, 'projects', String(number));
    mkdirSync(dataDir, { recursive: true });
    const local = { apiUrl, ingestUrl, project, pat, projectKey };
    writeFileSync(join(dataDir, 'local.json'), JSON.stringify(local), { mode: 0o600 });
    const env = {
      LOGURO_API_URL: apiUrl,
      LOGURO_INGEST_URL: ingestUrl,
      LOGURO_PROJECT: project,
      LOGURO_TOKEN: pat,
      LOGURO_PROJECT_KEY: projectKey,
    };
    return { ...local, email, dataDir, env };
  }

  /** Ends what was started, at any time; returns what went wrong in the life of the stack, a sentence each. */
  async end(): Promise<string[]> {
    this.#hasEnded = true;
    const faults = await Promise.all(this.#processes.map((one) => this.#endProcess(one)));
    const started = await this.#started?.then(
      () => true,
      () => false,
    );
    const left = await this.#database?.drop().catch((error: Error) => error.message);
    this.#database = undefined;
    // One that did not start has told why already.
    return started ? [...faults, left].filter((fault) => fault !== undefined) : [];
  }

  async #start(): Promise<void> {
    const { runFolder, postgresUrl, env } = this.#options;
    const ports = await freePorts(7);
    this.#database = await createDatabaseOn(postgresUrl);
    if (this.#hasEnded) throw new Error('The run has ended.');
    this.#gatewayPort = ports[0] as number;
    this.#processes = processesOf(this.#database, ports, { ...WITHOUT_LIMITS, ...env });
    const starts = this.#processes.map((one) => one.start());
    for (const { pid } of this.#processes) {
      const identity = pid === undefined ? undefined : identify(pid);
      if (identity !== undefined) noteServer(runFolder, identity);
    }
    await Promise.all(starts);
  }

  async #endProcess(one: Restartable): Promise<string | undefined> {
    const { name, pid, stdout, stderr } = one;
    if (pid === undefined) return undefined;
    const identity = identify(pid);
    const timer = setTimeout(() => identity && signal(identity, 'SIGKILL'), END_GRACE_MS);
    const code = await one.end('SIGTERM');
    clearTimeout(timer);
    forgetServer(this.#options.runFolder, pid);
    if (code === 0 && identity !== undefined) return undefined;
    return `${name} of the shared stack ended with ${code}: ${[...stdout, ...stderr].slice(-5).join('\n')}`;
  }

  async #createAccount(email: string, project: string): Promise<{ slug: string; pat: string }> {
    const args = ['create-account', '--email', email, '--name', 'Demo', '--project', project, '--json'];
    const env = { LOGURO_DATABASE_URL: this.#database?.controlUrl };
    const { stdout } = await promisify(execFile)(process.execPath, [program(ADMIN), ...args], { env });
    const created = JSON.parse(stdout) as { secret: string; project: { slug: string } };
    return { slug: created.project.slug, pat: created.secret };
  }

  async #createKey(project: string, pat: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.#gatewayPort}/api/projects/${project}/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${pat}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'shared stack', kind: 'server' }),
    });
    if (answer.status !== 201) throw new Error(`No key was made: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { secret: string }).secret;
  }
}

function processesOf(database: TestDatabase, ports: readonly number[], env: Record<string, string>): Restartable[] {
  const [gateway, control, ingest, ...ops] = ports;
  const common = {
    LOGURO_LOG_LEVEL: 'warn',
    LOGURO_API_URL: `http://localhost:${gateway}`,
    LOGURO_INGEST_URL: `http://ingest.localhost:${gateway}`,
    ...env,
  };
  const queue = { LOGURO_DATABASE_URL: database.ingestUrl, LOGURO_QUEUE_URL: database.ingestUrl };
  const one = (script: string, own: Record<string, string>) =>
    restartable(script, ops.pop() as number, { ...common, ...own });
  return [
    one('gateway/dist/main.js', {
      LOGURO_PORT: String(gateway),
      LOGURO_CONTROL_UPSTREAM: `http://127.0.0.1:${control}`,
      LOGURO_INGEST_UPSTREAM: `http://127.0.0.1:${ingest}`,
      LOGURO_DRAIN_GRACE_MS: '0',
    }),
    one('services/control-plane/dist/main.js', {
      LOGURO_PORT: String(control),
      LOGURO_DATABASE_URL: database.controlUrl,
      LOGURO_QUERY_DATABASE_URL: database.queryUrl,
      LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
      LOGURO_DRAIN_MS: '0',
    }),
    one('services/ingest/dist/api/main.js', { LOGURO_PORT: String(ingest), LOGURO_DRAIN_MS: '0', ...queue }),
    one('services/ingest/dist/worker/main.js', queue),
  ];
}
