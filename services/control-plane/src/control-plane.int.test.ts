import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type PrivatePostgres, startPostgres, type TestDatabase, waitFor } from '@loguro/testing';
import { Client } from 'pg';
import { pino } from 'pino';
import { createAccount } from './admin/create-account.js';
import { migrate } from './admin/migrate.js';
import { type Config, loadConfig } from './config.js';
import { type ControlPlane, startControlPlane } from './control-plane.js';
import { openDatabase } from './database/database.js';
import { createEmptyDatabase, TEST_PASSWORDS, withClient } from './testing/empty-database.js';

const logger = pino({ level: 'silent' });
const secretKey = randomBytes(32).toString('base64');
const configFor = (urls: { controlUrl: string; queryUrl: string }, more: Record<string, string> = {}): Config =>
  loadConfig({
    LOGURO_PORT: '0',
    LOGURO_OPS_PORT: '0',
    LOGURO_DATABASE_URL: urls.controlUrl,
    LOGURO_QUERY_DATABASE_URL: urls.queryUrl,
    LOGURO_SECRET_KEY: secretKey,
    LOGURO_CONNECT_TIMEOUT_MS: '1000',
    LOGURO_STATEMENT_TIMEOUT_MS: '1000',
    LOGURO_DRAIN_MS: '0',
    ...more,
  });

async function stop({ steps }: ControlPlane): Promise<void> {
  for (const step of steps) await step.run();
}

async function patIn(controlUrl: string): Promise<string> {
  const database = openDatabase({ url: controlUrl, poolSize: 1, connectTimeoutMs: 5000, statementTimeoutMs: 5000 });
  try {
    return (await createAccount(database, { email: 'a@example.com', name: 'A', project: 'local' })).secret;
  } finally {
    await database.close();
  }
}

/** Processes of a server that serve connections of ours. */
const backends = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE usename LIKE 'loguro%'`,
    );
    return rows.map(({ pid }) => pid);
  });

const get = (port: number, path: string, pat?: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: pat === undefined ? {} : { Authorization: `Bearer ${pat}` } });

describe('over a database', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  test('it serves, and its internal port tells health, readiness and metrics', async () => {
    const running = await startControlPlane(configFor(database), '1.2.3', logger);
    try {
      const pat = await patIn(database.controlUrl);
      expect((await get(running.port, '/api/projects', pat)).status).toBe(200);
      expect((await get(running.port, '/healthz')).status).toBe(200);
      expect((await get(running.opsPort, '/healthz')).status).toBe(200);
      expect(await (await get(running.opsPort, '/readyz')).json()).toEqual({ status: 'ready' });
      const metrics = await (await get(running.opsPort, '/metrics')).text();
      expect(metrics).toMatch(
        /loguro_control_request_seconds_count\{operation="listProjects",method="GET",status="200"\} 1/,
      );
      expect(metrics).not.toContain(pat);
      expect((await get(running.port, '/metrics')).status).toBe(404);
      const { info } = (await (await get(running.port, '/api/openapi.json')).json()) as { info: { version: string } };
      expect(info.version).toBe('1.2.3');
    } finally {
      await stop(running);
    }
  });

  test('it is ready although all connections for queries are in use: that is load, and no outage', async () => {
    const running = await startControlPlane(configFor(database, { LOGURO_QUERY_DATABASE_POOL_SIZE: '1' }), '0', logger);
    try {
      const pat = await patIn(database.controlUrl);
      const call = (path: string, body: object) =>
        fetch(`http://127.0.0.1:${running.port}/api/datasets/local${path}`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
      expect((await call('/schema', { fields: { n: 'number' } })).status).toBe(201);
      const owner = new Client({ connectionString: database.ownerUrl });
      await owner.connect();
      try {
        const { rows } = await owner.query<{ id: number }>('SELECT id FROM datasets');
        await owner.query(`BEGIN; LOCK TABLE records.dataset_${rows[0]?.id} IN ACCESS EXCLUSIVE MODE`);
        const held = call('/query', {});
        const inUse = 'loguro_control_database_connections{pool="query",state="in_use"} 1';
        const metrics = async () => (await get(running.opsPort, '/metrics')).text();
        await waitFor(async () => (await metrics()).includes(inUse), { what: 'the only connection to be in use' });
        expect((await get(running.opsPort, '/readyz')).status).toBe(200);
        await owner.query('ROLLBACK');
        expect((await held).status).toBe(200);
      } finally {
        await owner.end();
      }
    } finally {
      await stop(running);
    }
  });

  test('another secret key than the one the database was set up with is refused with a sentence', async () => {
    await stop(await startControlPlane(configFor(database), '0', logger));
    const other = configFor(database, { LOGURO_SECRET_KEY: randomBytes(32).toString('base64') });
    await expect(startControlPlane(other, '0', logger)).rejects.toThrow(/LOGURO_SECRET_KEY does not open/);
  });

  test('stopping lets a request in flight finish, and takes no new connection once the drain is over', async () => {
    const running = await startControlPlane(configFor(database, { LOGURO_DRAIN_MS: '100' }), '0', logger);
    const pat = await patIn(database.controlUrl);
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const slow = request(
        {
          port: running.port,
          host: '127.0.0.1',
          method: 'POST',
          path: '/api/datasets/local',
          headers: { Authorization: `Bearer ${pat}`, 'Content-Type': 'application/json', Expect: '100-continue' },
        },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode, connection: response.headers.connection });
        },
      );
      slow.on('error', reject);
      // The server has the request and waits for its body: now it is told to stop.
      slow.on('continue', () => {
        slow.write('{"name":');
        const stopping = stop(running);
        waitFor(
          async () =>
            await get(running.port, '/healthz').then(
              () => false,
              () => true,
            ),
          { timeoutMs: 5000, what: 'new connections to be refused' },
        ).then(() => slow.end('"late"}'), reject);
        stopping.catch(reject);
      });
      slow.flushHeaders();
    });
    expect(await answer).toMatchObject({ status: 201 });
  });
});

test('started before the migration, it waits, says so, and serves when it has run', async () => {
  const empty = await createEmptyDatabase();
  const config = configFor(
    { controlUrl: empty.as('loguro_control'), queryUrl: empty.as('loguro_query') },
    { LOGURO_OPS_PORT: '0' },
  );
  const problems: string[] = [];
  const watching = pino({ level: 'warn' }, { write: (line: string) => void problems.push(line) });
  const starting = startControlPlane(config, '0', watching);
  try {
    await waitFor(async () => problems.some((line) => line.includes('not migrated yet')), {
      timeoutMs: 10_000,
      what: 'it to say that the database is not migrated',
    });
    await migrate({ ownerUrl: empty.ownerUrl, passwords: TEST_PASSWORDS });
    const running = await starting;
    expect(await (await get(running.opsPort, '/readyz')).json()).toEqual({ status: 'ready' });
    await stop(running);
  } finally {
    await empty.drop();
  }
});

describe('when PostgreSQL goes away', () => {
  let server: PrivatePostgres;
  let running: ControlPlane;
  let pat: string;
  beforeEach(async () => {
    server = await startPostgres();
    const database = await server.createDatabase();
    running = await startControlPlane(configFor(database), '0', logger);
    pat = await patIn(database.controlUrl);
  }, 60_000);
  afterEach(async () => {
    await stop(running);
    await server.stop();
  });
  const projects = () => get(running.port, '/api/projects', pat);

  async function expectUnavailable() {
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: 30 }, projects));
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      const body = (await answer.json()) as { code: string; error: string };
      expect(body).toEqual({ code: 'unavailable', error: expect.any(String), requestId: expect.any(String) });
      expect(body.error).not.toMatch(/ECONN|127\.0\.0\.1|prisma|pg/i);
    }
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await get(running.opsPort, '/readyz')).status).toBe(503);
    expect((await get(running.opsPort, '/healthz')).status).toBe(200);
  }
  const recovers = () =>
    waitFor(async () => (await projects()).status === 200 && (await get(running.opsPort, '/readyz')).status === 200, {
      timeoutMs: 20_000,
      what: 'the control plane to serve again',
    });

  test('requests are 503 at once, and it recovers by itself', async () => {
    await recovers();
    await server.kill('SIGKILL');
    await expectUnavailable();
    await server.restart();
    await recovers();
  }, 90_000);

  test('a server that no longer answers is the same as one that is gone', async () => {
    await recovers();
    // The server's processes all stand still; connections stay open and silent.
    const pids = [server.pid, ...(await backends(server.url))];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await expectUnavailable();
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await recovers();
  }, 90_000);
});
