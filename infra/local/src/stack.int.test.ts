import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, identify, waitFor } from '@loguro/servers';
import { createContractChecker } from '@loguro/testing';
import { type Answer, type Call, call } from './http-client.js';
import { CHILDREN } from './local-file.js';
import { StartedStack } from './testing/started-stack.js';

const contract = createContractChecker();
const parent = mkdtempSync(join(tmpdir(), 'loguro-stack-'));
// As root, PostgreSQL runs as another user, who must get through to the data folder.
chmodSync(parent, 0o755);
const dataFolder = join(parent, 'data');
let port: number;
let stack: StartedStack;

beforeAll(async () => {
  port = await freePort();
  const command = [process.execPath, 'infra/local/bin/start.mjs'] as const;
  stack = await new StartedStack({ dataFolder, port, command }).ready();
}, 150_000);

afterAll(async () => {
  await stack.stop();
  rmSync(parent, { recursive: true, force: true });
}, 60_000);

type Request = Omit<Call, 'baseUrl' | 'method' | 'path'>;

/** Calls the control plane, as its account unless told otherwise; every answer is checked against the contract. */
async function api(method: string, path: string, request: Request = {}): Promise<Answer> {
  const { apiUrl, pat } = stack.local;
  const answer = await call({ baseUrl: apiUrl, method, path, token: pat, ...request });
  contract.check({ method, path, surface: 'control', ...answer });
  return answer;
}

/** The same for ingest, with the project key. */
async function ingest(method: string, path: string, request: Request = {}): Promise<Answer> {
  const { ingestUrl, projectKey } = stack.local;
  const answer = await call({ baseUrl: ingestUrl, method, path, token: projectKey, ...request });
  contract.check({ method, path, surface: 'ingest', ...answer });
  return answer;
}

const record = (country: string) => ({ timestamp: new Date().toISOString(), context: {}, country });
const schema = { fields: { country: 'string' } };

async function newDataset(name: string): Promise<number> {
  const created = await api('POST', '/api/datasets/local', { body: { name } });
  expect(created.status).toBe(201);
  return (created.body as { dataset: { id: number } }).dataset.id;
}

async function newActiveDataset(name: string): Promise<number> {
  const id = await newDataset(name);
  expect((await api('POST', `/api/datasets/local/${id}/schema`, { body: schema })).status).toBe(201);
  return id;
}

async function countIn(id: number): Promise<number> {
  const body = { select: [{ aggregate: 'count', as: 'n' }] };
  const answer = await api('POST', `/api/datasets/local/${id}/query`, { body });
  return (answer.body as { rows: { n: number }[] }).rows[0]?.n ?? Number.NaN;
}

describe('what a start leaves behind for people and scripts', () => {
  test('it prints its steps with times, the credentials, and keeps the same in local.json', () => {
    expect(stack.output).toMatch(/✓ Created the database \d+\.\d s/);
    expect(stack.output).toMatch(/✓ Gateway, control plane, ingest API and ingest worker are ready \d+\.\d s/);
    const { apiUrl, ingestUrl, project, pat, projectKey } = stack.local;
    expect({ apiUrl, ingestUrl, project }).toEqual({
      apiUrl: `http://localhost:${port}`,
      ingestUrl: `http://ingest.localhost:${port}`,
      project: 'local',
    });
    expect(pat).toMatch(/^pat_/);
    expect(stack.output).toContain(pat);
    expect(stack.output).toContain(projectKey);
  });

  test('local.json and the secrets are for their owner alone', () => {
    const mode = (name: string) => statSync(join(dataFolder, name)).mode & 0o777;
    expect([mode('local.json'), mode('secrets.json'), mode('logs')]).toEqual([0o600, 0o600, 0o700]);
  });

  test('the pids are those of five separate processes', () => {
    const pids = stack.pids();
    expect(new Set(pids).size).toBe(CHILDREN.length);
    for (const pid of pids) expect(identify(pid)).toBeDefined();
  });

  test('the three lines work when pasted into a shell, and again the next day', () => {
    const lines = stack.output.split('\n').filter((line) => line.startsWith('curl '));
    expect(lines).toHaveLength(3);
    for (const round of [1, 2]) {
      const { stdout, stderr } = spawnSync('bash', { input: `${lines.join('\n\n')}\n`, encoding: 'utf8' });
      expect(stderr).toBe('');
      const [registered, stored, queried] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(registered.dataset.status).toBe('active');
      expect(stored).toMatchObject({ success: true, status: 'stored' });
      expect(queried.rows).toEqual([{ country: 'RO', orders: round, revenue: 42.5 * round }]);
    }
  });
});

describe('the operations that the documentation names', () => {
  test('a PAT lists, creates, edits, gives a schema to, queries and deletes datasets', async () => {
    const id = await newDataset('Walk');
    const path = `/api/datasets/local/${id}`;
    expect((await api('GET', `${path}/schema`)).body).toMatchObject({ error: 'Dataset schema not found' });
    expect((await api('PATCH', path, { body: { description: 'walked' } })).status).toBe(200);
    expect((await api('POST', `${path}/schema`, { body: schema })).status).toBe(201);
    expect((await api('GET', `${path}/schema`)).body).toEqual({ schema: { version: 1, ...schema } });
    const { body } = await api('GET', '/api/datasets/local');
    const listed = (body as { datasets: { id: number }[] }).datasets.find((dataset) => dataset.id === id);
    expect(listed).toMatchObject({ name: 'Walk', slug: 'walk', description: 'walked', status: 'active' });
    expect((await api('POST', `${path}/query`, { body: {} })).status).toBe(200);
    expect((await api('DELETE', path)).status).toBe(204);
    expect((await api('GET', `${path}/schema`)).body).toMatchObject({ error: 'Dataset not found' });
  });

  test('a project key ingests one record and many, which can then be queried', async () => {
    const id = await newActiveDataset('Ingested');
    const one = await ingest('POST', `/datasets/${id}`, { body: record('RO') });
    expect(one).toMatchObject({ status: 202, body: { success: true, status: 'queued' } });
    const many = await ingest('POST', `/datasets/${id}/batch`, { body: [record('RO'), record('DE')] });
    expect(many).toMatchObject({ status: 202, body: { success: true, status: 'queued', count: 2 } });
    await waitFor(async () => (await countIn(id)) === 3, { what: 'three records' });
    const body = {
      select: [{ field: 'country' }, { aggregate: 'count', as: 'n' }],
      groupBy: ['country'],
      orderBy: [{ field: 'n', direction: 'desc' }],
    };
    const answer = await api('POST', `/api/datasets/local/${id}/query`, { body });
    expect((answer.body as { rows: unknown }).rows).toEqual([
      { country: 'RO', n: 2 },
      { country: 'DE', n: 1 },
    ]);
  });

  test('the OpenAPI document is served with the URLs of this stack', async () => {
    const { body } = await call({ baseUrl: stack.local.apiUrl, method: 'GET', path: '/api/openapi.json' });
    expect(body).toMatchObject({
      openapi: '3.1.0',
      servers: [{ url: stack.local.apiUrl }, { url: stack.local.ingestUrl }],
    });
  });
});

describe('the common mistakes that the documentation names', () => {
  test('a project key on the control plane is 401', async () => {
    const id = await newActiveDataset('Mistake 1');
    const path = `/api/datasets/local/${id}/schema`;
    const answer = await api('POST', path, { token: stack.local.projectKey, body: schema });
    expect(answer).toMatchObject({ status: 401, body: { code: 'wrong_credential' } });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  test('a PAT on ingest is 401', async () => {
    const id = await newActiveDataset('Mistake 2');
    const answer = await ingest('POST', `/datasets/${id}`, { token: stack.local.pat, body: record('RO') });
    expect(answer).toMatchObject({ status: 401, body: { code: 'wrong_credential' } });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  test('records sent to the control plane are told the right URL', async () => {
    const { apiUrl, ingestUrl } = stack.local;
    for (const path of ['/api/datasets/local/13', '/datasets/13', '/datasets/13/batch']) {
      const answer = await call({ baseUrl: apiUrl, method: 'POST', path, body: record('RO') });
      expect(answer).toMatchObject({ status: 404, body: { code: 'wrong_api_surface' } });
      expect((answer.body as { error: string }).error).toContain(new URL(ingestUrl).hostname);
    }
  });

  test('schemas and queries sent to ingest are told the right URL', async () => {
    const { apiUrl, ingestUrl } = stack.local;
    for (const path of ['/api/datasets/local/13/schema', '/api/datasets/local/13/query', '/api/datasets/local']) {
      const answer = await call({ baseUrl: ingestUrl, method: 'POST', path, body: {} });
      expect(answer).toMatchObject({ status: 404, body: { code: 'wrong_api_surface' } });
      expect((answer.body as { error: string }).error).toContain(new URL(apiUrl).hostname);
    }
  });

  test('without a dataset id, data fails while the default dataset has no schema, and goes there once it has', async () => {
    const before = await ingest('POST', '/datasets', { body: record('RO') });
    expect(before.status).toBe(404);
    const registered = await api('POST', '/api/datasets/local/schema', { body: schema });
    expect(registered).toMatchObject({ status: 201, body: { dataset: { isDefault: true } } });
    const { id } = (registered.body as { dataset: { id: number } }).dataset;
    expect((await ingest('POST', '/datasets', { body: record('RO') })).status).toBe(202);
    expect((await ingest('POST', '/datasets/batch', { body: [record('DE')] })).status).toBe(202);
    await waitFor(async () => (await countIn(id)) === 2, { what: 'two records in the default dataset' });
  });

  test('a host that is not ours is 421', async () => {
    const answer = await call({ baseUrl: `http://example.org:${port}`, method: 'GET', path: '/api/me' });
    expect(answer).toMatchObject({ status: 421, body: { code: 'unknown_host' } });
  });
});

describe('what ends and comes back', () => {
  let id: number;
  let accepted = 0;

  /** Sends a record until it is answered 202; a repeat is stored once. */
  async function sendUntilAccepted(): Promise<void> {
    accepted += 1;
    const headers = { 'idempotency-key': `stack-test-${accepted}` };
    const body = record(`R${accepted}`);
    const send = async () =>
      (await ingest('POST', `/datasets/${id}`, { body, headers, timeoutMs: 5000 })).status === 202;
    await waitFor(send, { timeoutMs: 60_000, what: `record ${accepted} to be accepted`, intervalMs: 100 });
  }

  beforeAll(async () => {
    id = await newActiveDataset('Survivors');
  });

  test.each(CHILDREN)(
    'a killed %s is started again, local.json says so, and no accepted record is lost',
    async (child) => {
      const before = stack.local.pids[child] as number;
      await sendUntilAccepted();
      process.kill(before, 'SIGKILL');
      await sendUntilAccepted();
      const pid = await stack.newPid(child, before);
      expect(identify(pid)).toBeDefined();
      await sendUntilAccepted();
      const allThere = async () => (await countIn(id)) === accepted;
      await waitFor(allThere, { timeoutMs: 60_000, what: `${accepted} records`, intervalMs: 200 });
    },
    150_000,
  );

  test('a second stack is refused on the same folder, and on the same port', async () => {
    const sameFolder = new StartedStack({ dataFolder, port: await freePort() });
    expect(await sameFolder.exited).toBe('exit code 1');
    expect(sameFolder.output).toContain(`running on ${dataFolder} already (process ${stack.process.pid})`);
    const samePort = new StartedStack({ dataFolder: join(parent, 'other'), port });
    expect(await samePort.exited).toBe('exit code 1');
    expect(samePort.output).toContain(`Port ${port} is in use. Stop what uses it, or choose another: LOGURO_PORT=`);
    // The one that runs took no harm.
    await sendUntilAccepted();
  }, 120_000);

  test('Ctrl-C ends every process within seconds, and the next start finds token, key and records', async () => {
    const before = stack.local;
    const pids = stack.pids();
    await sendUntilAccepted();
    const began = performance.now();
    expect(await stack.stop('SIGINT')).toBe('exit code 0');
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const pid of pids) expect(identify(pid)).toBeUndefined();
    expect(new Set(Object.values(stack.local.pids))).toEqual(new Set([null]));

    stack = await new StartedStack({ dataFolder, port }).ready();
    expect(stack.local).toMatchObject({ pat: before.pat, projectKey: before.projectKey });
    expect(await countIn(id)).toBe(accepted);
  }, 150_000);

  test('what a killed start left running does not stand in the way of the next one', async () => {
    const orphans = stack.pids();
    await sendUntilAccepted();
    expect(await stack.stop('SIGKILL')).toBe('signal SIGKILL');
    for (const pid of orphans) expect(identify(pid)).toBeDefined();
    stack = await new StartedStack({ dataFolder, port }).ready();
    for (const pid of orphans) expect(identify(pid)).toBeUndefined();
    expect(stack.output).toContain('Ended what an earlier start had left running');
    expect(await countIn(id)).toBe(accepted);
  }, 150_000);

  test('lost or revoked credentials are replaced by working ones', async () => {
    const before = stack.local;
    await stack.stop();
    rmSync(join(dataFolder, 'local.json'));
    stack = await new StartedStack({ dataFolder, port }).ready();
    expect(stack.local.pat).not.toBe(before.pat);
    expect(await countIn(id)).toBe(accepted);
    await sendUntilAccepted();
  }, 150_000);

  test('npx pnpm start is the same, and ends with the npx that is ended', async () => {
    await stack.stop();
    const command = ['npx', '--yes', 'pnpm', 'start'] as const;
    stack = await new StartedStack({ dataFolder, port, command }).ready();
    const pids = stack.pids();
    expect(await countIn(id)).toBe(accepted);
    await stack.stop('SIGTERM');
    await waitFor(() => pids.every((pid) => identify(pid) === undefined), {
      timeoutMs: 20_000,
      what: 'every process to end',
    });
    await waitFor(() => Object.values(stack.local.pids).every((pid) => pid === null), { what: 'local.json to say so' });
  }, 180_000);
});

describe('a start that cannot be', () => {
  test.each([
    ['a port out of range', { LOGURO_PORT: '99999' }, /LOGURO_PORT is "99999": it must be a whole number/],
    [
      'a queue of an unknown kind',
      { LOGURO_QUEUE_URL: 'amqp://host' },
      /LOGURO_QUEUE_URL is not a URL that starts with redis/,
    ],
  ])('%s is refused with a sentence and without a stack trace', async (_what, env, sentence) => {
    const start = new StartedStack({ dataFolder: join(parent, 'never'), port, env });
    expect(await start.exited).toBe('exit code 1');
    expect(start.output).toMatch(sentence);
    expect(start.output).not.toMatch(/^\s+at /m);
  });

  test('a half-made data folder is refused with a way out', async () => {
    const half = join(parent, 'half');
    mkdirSync(join(half, 'postgres/base'), { recursive: true });
    const start = new StartedStack({ dataFolder: half, port: await freePort() });
    expect(await start.exited).toBe('exit code 1');
    expect(start.output).toMatch(/holds no complete database\. To start afresh.*delete.*LOGURO_DATA_DIR/);
  });
});
