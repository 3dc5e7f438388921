import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type ContractChecker, createContractChecker } from '@loguro/testing';
import { type Fields, PROJECT_KEY_AUDIENCE, PROJECT_KEY_ISSUER, type ProjectKeyKind } from '@loguro/types';
import jwt from 'jsonwebtoken';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { type ApiConfig, loadConfig } from '../api/config.js';
import { createIngestApi, type IngestApi } from '../api/ingest-api.js';
import { type Backend, type Bench, createBench, silent } from './backends.js';
import { createDataset, type TestDataset } from './dataset.js';

/** A signing key in the database, with the half that only the control plane has. */
export interface TestSigningKey {
  kid: string;
  privateKey: KeyObject;
  publicPem: string;
}

/** An answer, its body parsed when it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { details?: { index?: number; path: string; message: string }[] };
}

/** What {@link TestApi.send} sends; a POST unless it says otherwise. */
export interface Sent {
  method?: string;
  path: string;
  /** As `Authorization: Bearer`; null: no such header. Default: the key of the default dataset's project. */
  key?: string | null;
  headers?: Record<string, string>;
  /** Anything but text and bytes is sent as JSON. */
  body?: unknown;
}

/** A running ingest API on a database and a queue of its own, with one dataset to send to. */
export interface TestApi {
  bench: Bench;
  api: IngestApi;
  registry: Registry;
  port: number;
  dataset: TestDataset;
  /** A server key of the dataset's project. */
  key: string;
  checker: ContractChecker;
  signingKey: TestSigningKey;
  /** Sends a request and checks the answer against the published contract. */
  send(request: Sent): Promise<Answer>;
  addDataset(fields?: Fields): Promise<TestDataset>;
  /** Makes a project key; returns its token and its id. */
  addKey(options?: KeyOptions): Promise<{ id: number; token: string }>;
  close(): Promise<void>;
}

export interface KeyOptions {
  project?: number;
  kind?: ProjectKeyKind;
  origins?: string[];
  expiresAt?: Date;
}

/** Starts a {@link TestApi}. */
export async function startTestApi(
  options: {
    backend?: Backend;
    config?: Partial<ApiConfig>;
    fields?: Fields;
    keyUsesIntervalMs?: number;
    /** Puts something between the API and its database. */
    through?: (databaseUrl: string) => Promise<string>;
  } = {},
): Promise<TestApi> {
  const bench = await createBench(options.backend ?? 'redis');
  const signingKey = await addSigningKey(bench.owner);
  const dataset = await createDataset(bench.owner, options.fields);
  const defaults = loadConfig({
    LOGURO_DATABASE_URL: await (options.through?.(bench.database.ingestUrl) ?? bench.database.ingestUrl),
    LOGURO_QUEUE_URL: bench.queueUrl,
  });
  const registry = new Registry();
  const queue = await bench.openQueue({ registry });
  // A machine that is busy with other tests is not an outage.
  const config = { ...defaults, drainMs: 0, databaseTimeoutMs: 10_000, ...options.config };
  const { keyUsesIntervalMs } = options;
  const uses = keyUsesIntervalMs === undefined ? {} : { keyUsesIntervalMs };
  const api = createIngestApi({ config, logger: silent, registry, queue, ...uses });
  await api.start();
  await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
  const { port } = api.server.address() as AddressInfo;
  const addKey = (key: KeyOptions = {}) => insertKey(bench.owner, signingKey, { project: dataset.project, ...key });
  const { token } = await addKey();
  const checker = createContractChecker();
  return {
    bench,
    api,
    registry,
    port,
    dataset,
    key: token,
    checker,
    signingKey,
    addKey,
    send: (request) => send(`http://127.0.0.1:${port}`, token, request, checker),
    addDataset: (fields) => createDataset(bench.owner, fields),
    async close() {
      await api.drain();
      await api.close();
      await bench.close();
    },
  };
}

async function send(base: string, defaultKey: string, request: Sent, checker: ContractChecker): Promise<Answer> {
  const { method = 'POST', path, key = defaultKey, body } = request;
  const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const parsed = text === '' ? undefined : isJson ? JSON.parse(text) : text;
  const { status } = response;
  if (isJson && method !== 'HEAD' && !/^\/(healthz|readyz)/.test(path)) {
    checker.check({ method, path, surface: 'ingest', status, body: parsed });
  }
  if (!response.headers.has('x-request-id')) throw new Error(`The answer of ${method} ${path} has no X-Request-Id.`);
  return { status, headers: response.headers, body: parsed as Answer['body'] };
}

/** A signing key as the control plane makes one. */
export async function addSigningKey(owner: pg.Pool): Promise<TestSigningKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const kid = randomUUID();
  await owner.query("INSERT INTO signing_keys (kid, public_key, private_key) VALUES ($1, $2, '')", [kid, publicPem]);
  return { kid, privateKey, publicPem };
}

/** Makes a project key. */
export async function insertKey(owner: pg.Pool, signingKey: TestSigningKey, options: KeyOptions & { project: number }) {
  const { project, kind = 'server', origins = [], expiresAt } = options;
  const { rows } = await owner.query<{ id: number }>(
    `INSERT INTO project_keys (project_id, name, kind, allowed_origins, signing_kid, expires_at)
     VALUES ($1, 'k', $2, $3, $4, $5) RETURNING id`,
    [project, kind, origins, signingKey.kid, expiresAt ?? null],
  );
  const id = (rows[0] as { id: number }).id;
  return { id, token: signToken(signingKey, { project, id, kind }) };
}

/** The token of a project key, as the control plane signs it. */
export function signToken(
  { kid, privateKey }: Pick<TestSigningKey, 'kid' | 'privateKey'>,
  { project, id, kind = 'server' }: { project: number; id: number; kind?: ProjectKeyKind },
  overrides: jwt.SignOptions = {},
): string {
  return jwt.sign({ kind }, privateKey, {
    algorithm: 'ES256',
    keyid: kid,
    issuer: PROJECT_KEY_ISSUER,
    audience: PROJECT_KEY_AUDIENCE,
    subject: String(project),
    jwtid: String(id),
    ...overrides,
  });
}

/** A record that fits the fields of test datasets. */
export const GOOD_RECORD = {
  timestamp: '2026-06-10T10:58:00Z',
  context: { source: 'test' },
  country: 'RO',
  amount: 42.5,
};
