import { join } from 'node:path';
import { withUrl } from '@loguro/servers';
import { freePorts, program, type Restartable, restartable } from '@loguro/testing';

/** Passwords of the three roles. */
export interface Passwords {
  control: string;
  query: string;
  ingest: string;
}

/** Options of {@link createInstallation}. */
export interface InstallationOptions {
  /** The database, as its owner. */
  ownerUrl: string;
  passwords: Passwords;
  /** Default: the database itself. */
  queueUrl?: string;
  /** LOGURO_SECRET_KEY */
  secretKey: string;
  /** The built repository; default: this one. */
  root?: string;
}

/** What a request got; its body parsed. */
export interface Answer {
  status: number;
  body: ReturnType<typeof JSON.parse>;
}

/** One process of each service on a database and a queue, as built. */
export interface Installation {
  ownerUrl: string;
  /** The control plane's own part of `loguro-admin`, which every revision has. */
  adminProgram: string;
  /** What it needs. */
  adminEnv: Record<string, string>;
  processes: { control: Restartable; ingest: Restartable; worker: Restartable };
  /** A call of the control plane: `GET`, `/datasets/shop`. */
  api(method: string, path: string, options: { pat: string; body?: object }): Promise<Answer>;
  /** Sends records to a path of the ingest API: `/datasets/1`. */
  post(path: string, options: { key: string; body: object; headers?: Record<string, string> }): Promise<Answer>;
  /** Starts those that are named. */
  start(...names: (keyof Installation['processes'])[]): Promise<void>;
  /** Kills what runs. */
  kill(): Promise<void>;
}

/** Describes an installation; nothing runs yet. */
export async function createInstallation(options: InstallationOptions): Promise<Installation> {
  const { ownerUrl, passwords, secretKey, root = program('.') } = options;
  const as = (role: keyof Passwords) => withUrl(ownerUrl, { user: `loguro_${role}`, password: passwords[role] });
  const queueUrl = options.queueUrl ?? as('ingest');
  const ports = await freePorts(5);
  const [controlPort, ingestPort, ...opsPorts] = ports as [number, number, ...number[]];
  const [controlOps, ingestOps, workerOps] = opsPorts as [number, number, number];
  const queue = { LOGURO_DATABASE_URL: as('ingest'), LOGURO_QUEUE_URL: queueUrl, LOGURO_REDIS_POLICY: 'warn' };
  const processes = {
    control: restartable(join(root, 'services/control-plane/dist/main.js'), controlOps, {
      LOGURO_PORT: String(controlPort),
      LOGURO_DATABASE_URL: as('control'),
      LOGURO_QUERY_DATABASE_URL: as('query'),
      LOGURO_SECRET_KEY: secretKey,
      LOGURO_DRAIN_MS: '0',
    }),
    ingest: restartable(join(root, 'services/ingest/dist/api/main.js'), ingestOps, {
      LOGURO_PORT: String(ingestPort),
      LOGURO_DRAIN_MS: '0',
      ...queue,
    }),
    worker: restartable(join(root, 'services/ingest/dist/worker/main.js'), workerOps, queue),
  };
  return {
    ownerUrl,
    adminProgram: join(root, 'services/control-plane/dist/admin/main.js'),
    adminEnv: {
      LOGURO_MIGRATE_DATABASE_URL: ownerUrl,
      LOGURO_CONTROL_PASSWORD: passwords.control,
      LOGURO_QUERY_PASSWORD: passwords.query,
      LOGURO_INGEST_PASSWORD: passwords.ingest,
      LOGURO_QUEUE_URL: queueUrl,
      LOGURO_SECRET_KEY: secretKey,
    },
    processes,
    api: (method, path, { pat, body }) =>
      callApi(`http://127.0.0.1:${controlPort}/api${path}`, { method, credential: pat, ...(body && { body }) }),
    post: (path, { key, body, headers = {} }) =>
      callApi(`http://127.0.0.1:${ingestPort}${path}`, { method: 'POST', credential: key, body, headers }),
    start: async (...names) => void (await Promise.all(names.map((name) => processes[name].start()))),
    kill: async () => void (await Promise.all(Object.values(processes).map((process) => process.end('SIGKILL')))),
  };
}

interface Call {
  method: string;
  credential: string;
  body?: object;
  headers?: Record<string, string>;
}

/** Calls a service. */
export async function callApi(url: string, { method, credential, body, headers = {} }: Call): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
