import { randomBytes, randomUUID } from 'node:crypto';
import { createContractChecker, createTestDatabase, type TestDatabase } from '@loguro/testing';
import { CONTROL_ROUTES, type ControlOperation, type Role } from '@loguro/types';
import { pino } from 'pino';
import supertest, { type Response } from 'supertest';
import { createAccount } from '../admin/create-account.js';
import { assemble } from '../assemble.js';
import { type Config, loadConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { listen } from '../http/listen.js';
import type { RecordMaintenance } from '../maintenance/record-maintenance.js';

/** An account with a token. */
export interface TestAccount {
  id: number;
  email: string;
  pat: string;
  tokenId: number;
}

/** A project with its owner. */
export interface Tenant {
  owner: TestAccount;
  project: { id: number; slug: string };
}

/** How to call an operation. */
export interface CallOptions {
  /** Whose token to send; a string is sent as the bearer token as it is. */
  as?: TestAccount | string;
  /** Parameters of the path. */
  params?: Readonly<Record<string, string | number>>;
  body?: unknown;
  query?: string;
  headers?: Readonly<Record<string, string>>;
  /** Fails, showing the answer, when the status is another. */
  expect?: number;
}

/** The real app on a real server port, over a database of its own. */
export interface TestApi {
  url: string;
  database: Database;
  databases: TestDatabase;
  config: Config;
  /** Sends a request to an operation of the contract and checks the answer against what the contract publishes. */
  call(operation: ControlOperation, options?: CallOptions): Promise<Response>;
  /** Checks an answer to a request that did not go through {@link TestApi.call}. */
  check(method: string, path: string, response: { status: number; body: unknown }): void;
  /** `operation status` of every answer checked so far. */
  seen: ReadonlySet<string>;
  account(): Promise<TestAccount>;
  tenant(): Promise<Tenant>;
  /** A new account with this role in the tenant's project. */
  member(tenant: Tenant, role: Role): Promise<TestAccount>;
  /** A new dataset, with a schema when fields are given. */
  dataset(tenant: Tenant, fields?: Record<string, string>): Promise<{ id: number; slug: string }>;
  /** Started by no one but the test. */
  maintenance: RecordMaintenance;
  /** What `/metrics` would answer. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it; `environment` is added to what it is configured with. */
export async function startTestApi(environment: Record<string, string> = {}): Promise<TestApi> {
  const databases = await createTestDatabase();
  const config = loadConfig({
    LOGURO_DATABASE_URL: databases.controlUrl,
    LOGURO_QUERY_DATABASE_URL: databases.queryUrl,
    LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
    ...environment,
  });
  const { app, database, metrics, maintenance, closing } = assemble(config, '0.0.0-test', pino({ level: 'silent' }));
  const requestTimeoutMs = config.bodyTimeoutMs + 1000;
  const server = await listen(app, { host: '127.0.0.1', port: 0, requestTimeoutMs, drainMs: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  const checker = createContractChecker();

  async function call(operation: ControlOperation, options: CallOptions = {}): Promise<Response> {
    const { method, path } = CONTROL_ROUTES[operation];
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(options.params?.[name] ?? '1'));
    let request = supertest(url)[method.toLowerCase() as 'get'](target + (options.query ?? ''));
    if (options.as !== undefined) {
      request = request.set('Authorization', `Bearer ${typeof options.as === 'string' ? options.as : options.as.pat}`);
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) request = request.set(name, value);
    const response = await (options.body === undefined ? request : request.send(options.body as object));
    checker.check({ operation, status: response.status, body: response.body });
    if (options.expect !== undefined && response.status !== options.expect) {
      throw new Error(
        `${operation} answered ${response.status} instead of ${options.expect}: ${JSON.stringify(response.body)}`,
      );
    }
    return response;
  }

  async function account(): Promise<TestAccount> {
    const created = await createAccount(database, { email: `${randomUUID()}@example.com`, name: 'Someone' });
    return { id: created.account.id, email: created.account.email, pat: created.secret, tokenId: created.token.id };
  }

  return {
    url,
    database,
    databases,
    config,
    call,
    account,
    seen: checker.seen,
    check: (method, path, { status, body }) => checker.check({ method, path, surface: 'control', status, body }),
    async tenant() {
      const owner = await account();
      const { body } = await call('createProject', {
        as: owner,
        body: { name: `Project ${randomUUID()}` },
        expect: 201,
      });
      return { owner, project: body.project };
    },
    async member({ owner, project }, role) {
      const someone = await account();
      const params = { projectSlug: project.slug };
      await call('addMember', { as: owner, params, body: { email: someone.email, role }, expect: 201 });
      return someone;
    },
    async dataset({ owner, project }, fields) {
      const params = { projectSlug: project.slug };
      const { body } = await call('createDataset', { as: owner, params, body: { name: 'Orders' }, expect: 201 });
      const datasetId: number = body.dataset.id;
      if (fields !== undefined) {
        await call('registerSchema', { as: owner, params: { ...params, datasetId }, body: { fields }, expect: 201 });
      }
      return body.dataset;
    },
    maintenance,
    metrics: () => metrics.registry.metrics(),
    async stop() {
      await server.stop();
      for (const step of closing) await step.run();
      await databases.drop();
    },
  };
}
