import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withClient } from '@loguro/servers';
import { forwardTo, type PrivateRedis, restartable, type ServerForwarder, startRedis, waitFor } from '@loguro/testing';
import { type Probe, probe, probeRaw } from './testing/http-probe.js';
import { type Replicas, startReplicas } from './testing/replicas.js';

const API = 'localhost';
const INGEST = 'ingest.localhost';
/** In every secret that is made up here: no line of any log may hold it. */
const MARK = randomBytes(8).toString('hex');

let replicas: Replicas;
let redis: PrivateRedis;
let queueForwarder: ServerForwarder;
const databaseForwarders: ServerForwarder[] = [];
/** What ends what was started, in the order of starting. */
const undo: (() => Promise<unknown>)[] = [];
let dataset: number;
let projectKey: string;

/** Redis wants a password; each server is behind something that can fail. */
async function through(url: string): Promise<string> {
  if (url.startsWith('redis')) {
    const user = { username: 'loguro', password: `redis-${MARK}` };
    await probeRaw(redis.url, `ACL SETUSER ${user.username} on >${user.password} ~* &* +@all\r\nQUIT\r\n`);
    return Object.assign(new URL(queueForwarder.url), user).href;
  }
  const forwarder = await forwardTo(url);
  undo.push(() => forwarder.close());
  databaseForwarders.push(forwarder);
  return forwarder.url;
}

beforeAll(async () => {
  redis = await startRedis();
  undo.push(() => redis.stop());
  queueForwarder = await forwardTo(redis.url);
  undo.push(() => queueForwarder.close());
  replicas = await startReplicas({ workers: 1, logLevel: 'trace', drainMs: 0, failedCredentialsPerMinute: 0, through });
  undo.push(() => replicas.stop());
  dataset = (await api('POST', '/datasets/local', { name: 'Orders' })).dataset.id;
  await api('POST', `/datasets/local/${dataset}/schema`, { value: 'string', amount: 'number?' });
  projectKey = (await api('POST', '/projects/local/keys', { name: 'producer' })).secret;
  // Whatever a record says, the database refuses it.
  await withClient(replicas.ownerUrl, (owner) =>
    owner.query(`ALTER TABLE records.dataset_${dataset} ADD CHECK (value = 'taken')`),
  );
}, 120_000);

afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

const json = (credential: string, more = {}) => ({
  Authorization: `Bearer ${credential}`,
  'Content-Type': 'application/json',
  ...more,
});

async function api(method: string, path: string, body?: object) {
  const answer = await send({ host: API, method, path: `/api${path}`, headers: json(replicas.pat) }, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

const send = (request: Probe, body?: unknown) =>
  probe(replicas.gateway, body === undefined ? request : { ...request, body: JSON.stringify(body) });

/** A record that ends among the dead letters, with `secret` in each of its parts. */
const record = (secret: string) => ({
  timestamp: '2026-06-10T10:58:00Z',
  context: { [`key-${secret}`]: `context-${secret}` },
  value: `value-${secret}`,
});
const post = (secret: string, more: Record<string, string> = {}) =>
  send({ host: INGEST, method: 'POST', path: `/datasets/${dataset}`, headers: json(projectKey, more) }, record(secret));

interface Line {
  service: string;
  requestId?: string;
  requestIds?: string[];
}
const processes = () => Object.values(replicas.processes).flat();
const written = () => processes().flatMap(({ stdout, stderr }) => [...stdout, ...stderr]);
const parsed = () => processes().flatMap(({ stdout }) => stdout.map((line) => JSON.parse(line) as Line));
const linesAbout = (id: string) =>
  parsed().filter(({ requestId, requestIds }) => requestId === id || requestIds?.includes(id));

/** Parts of a credential that are no use to anyone are not looked for: headers and claims of a JWT are public. */
const secrets = () => [
  MARK,
  replicas.pat.slice(4, 20),
  String(projectKey.split('.')[2]).slice(0, 20),
  Buffer.from(`user:pw-${MARK}`).toString('base64'),
];
const leaks = (lines: readonly string[]) =>
  lines.filter((line) => secrets().some((secret) => line.toLowerCase().includes(secret.toLowerCase())));

const isBack = async () =>
  (await send({ host: API, method: 'GET', path: '/api/me', headers: json(replicas.pat) })).status === 200 &&
  (await post('taken-again')).status === 202;

test('one request id is in the log of every process that the request came to, each line an object', async () => {
  const id = `trip-${randomUUID()}`;
  const headers = { 'X-Request-Id': id };
  queueForwarder.cut();
  // Twice with one id, as a client that tries again does it: refused by the ingest API, then stored by the worker.
  expect((await post(MARK, headers)).status).toBe(503);
  queueForwarder.restore();
  await waitFor(async () => (await post(MARK, headers)).status === 202, { what: 'the queue to be back' });
  expect((await send({ host: API, method: 'GET', path: '/api/me', headers: json(replicas.pat, headers) })).status).toBe(
    200,
  );
  const services = await waitFor(
    () => {
      const names = [...new Set(linesAbout(id).map(({ service }) => service))].sort();
      return names.length === 4 ? names : null;
    },
    { what: 'the id in four logs' },
  );
  expect(services).toEqual(['control-plane', 'gateway', 'ingest-api', 'ingest-worker']);
  for (const line of parsed()) {
    expect(line).toMatchObject({
      level: expect.any(String),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: expect.any(String),
      message: expect.any(String),
    });
  }
  expect(processes().flatMap(({ stderr }) => stderr)).toEqual([]);
});

/** Everywhere a client can put a text. */
function placesFor(secret: string): Omit<Probe, 'host'>[] {
  const get = (path: string, headers = {}) => ({ method: 'GET', path, headers });
  const withBody = (body: string, headers = {}) => [
    { method: 'POST', path: '/api/datasets/local', headers: json(replicas.pat, headers), body },
    { method: 'POST', path: `/datasets/${dataset}`, headers: json(projectKey, headers), body },
  ];
  const basic = Buffer.from(`user:pw-${MARK}`).toString('base64');
  return [
    ...[`Bearer ${secret}`, `bearer   ${secret}`, `Token ${secret}`, `Basic ${basic}`, secret].flatMap((value) => [
      get('/api/me', { Authorization: value }),
      get(`/datasets/${dataset}/receipts/x`, { Authorization: value }),
    ]),
    get(`/api/me?token=${secret}&password=pw-${MARK}`),
    get(`/datasets/${dataset}?api_key=${secret}&callback=https://user:pw-${MARK}@host/hook`),
    ...[
      'Cookie',
      'Referer',
      'Origin',
      'User-Agent',
      'X-Request-Id',
      'X-Forwarded-For',
      'Idempotency-Key',
      'Prefer',
    ].flatMap((name) => withBody(`{"x":"${secret}"}`, { [name]: secret })),
    ...['Content-Type', 'Content-Encoding', 'X-Loguro-Dataset-Id', `X-${secret}`].flatMap((name) =>
      withBody('{}', { [name]: secret }),
    ),
    ...[`{"${secret}": 1}`, `{"timestamp": "${secret}"`, `"${secret}"`, `{"name": ["${secret}"]}`, secret].flatMap(
      (body) => withBody(body),
    ),
    {
      method: 'POST',
      path: `/api/datasets/local/${dataset}/query`,
      headers: json(replicas.pat),
      body: JSON.stringify({ where: [{ field: 'value', op: '=', value: secret }] }),
    },
    {
      method: 'POST',
      path: `/api/datasets/local/${dataset}/query`,
      headers: json(replicas.pat),
      body: JSON.stringify({ select: [{ field: secret }] }),
    },
  ];
}

/** Places where only what is known as a credential can be told from a name. */
function pathsFor(credential: string): Omit<Probe, 'host'>[] {
  const encoded = credential.replaceAll('.', '%2E').replaceAll('_', '%5F');
  return [credential, encoded].flatMap((text) => [
    { method: 'GET', path: `/api/datasets/${text}` },
    { method: 'GET', path: `/api/projects/${text}/keys`, headers: json(replicas.pat) },
    { method: 'POST', path: `/datasets/${text}`, headers: json(projectKey), body: '{}' },
    { method: 'GET', path: `/datasets/${dataset}/receipts/${text}`, headers: json(projectKey) },
    { method: 'DELETE', path: `/${text}` },
  ]);
}

const credentials = () => [
  replicas.pat,
  projectKey,
  `pat_${MARK}${MARK}`,
  `eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.${MARK}`,
];

describe('in no line of any process, at any level, is', () => {
  test('a credential, wherever a client puts it, nor anything else it sent', async () => {
    const requests = [
      ...credentials().flatMap(placesFor),
      // The id of a request is a name that the client gives it, and logged whatever it is.
      ...placesFor(`hunter2-${MARK}`).filter(({ headers }) => headers?.['X-Request-Id'] === undefined),
      ...credentials().flatMap(pathsFor),
      { method: 'GET', path: `/api/https://user:pw-${MARK}@hooks.example/T000/B000` },
      { method: 'GET', path: `/api/https%3A%2F%2Fuser%3Apw-${MARK}%40hooks.example%2FT000` },
      { method: 'GET', path: `http://user:pw-${MARK}@localhost/api/me` },
    ];
    const statuses = new Set<number>();
    for (const host of [API, INGEST]) {
      for (const request of requests) statuses.add((await send({ host, ...request })).status);
    }
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
    expect(statuses).toContain(401);
    expect(statuses).toContain(400);
    for (const text of [
      `GET /${replicas.pat} HTTP/9.9\r\n\r\n`,
      `POST /api/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MARK}\r\n\r\n`,
      `GET /api/me HTTP/1.1\r\nHost: user:${MARK}@localhost\r\n\r\n`,
      `GET /api/me HTTP/1.1\r\nHost: localhost\r\n${MARK} no colon\r\n\r\n`,
      `\u0016\u0003\u0001${MARK}`,
    ]) {
      await probeRaw(replicas.gateway, text);
    }
    expect(leaks(written())).toEqual([]);
    expect(written().filter((line) => line.includes('[redacted]')).length).toBeGreaterThan(10);
  }, 60_000);

  test('a record that the database refused, nor its credential as a request id', async () => {
    const dead = () => parsed().filter((line) => 'sqlstates' in line).length;
    const before = dead();
    expect((await post(`dead-${MARK}`, { 'X-Request-Id': replicas.pat })).status).toBe(202);
    await waitFor(() => dead() > before, { what: 'the dead letter' });
    expect(leaks(written())).toEqual([]);
  });

  test('a password or a query, when the database and the queue go away under load', async () => {
    const ask = (path: string, body: object) =>
      send({ host: API, method: 'POST', path: `/api${path}`, headers: json(replicas.pat) }, body);
    const load = () =>
      Promise.all([
        ...Array.from({ length: 5 }, () => post(`away-${MARK}`)),
        ask(`/datasets/local/${dataset}/query`, { where: [{ field: 'value', op: '=', value: `query-${MARK}` }] }),
        ask('/datasets/local', { name: `name-${MARK}` }),
        ask('/tokens', { name: `name-${MARK}` }),
      ]);
    const all = [...databaseForwarders, queueForwarder];
    for (const away of [databaseForwarders, [queueForwarder], all]) {
      const inFlight = load();
      for (const forwarder of away) forwarder.cut();
      const statuses = [...(await inFlight), ...(await load())].map(({ status }) => status);
      expect(statuses).toContain(503);
      for (const forwarder of away) forwarder.restore();
      await waitFor(isBack, { what: 'all to be back', timeoutMs: 30_000 });
    }
    const failures = parsed().filter((line) => 'err' in line);
    expect(failures.length).toBeGreaterThan(5);
    expect(leaks(written())).toEqual([]);
  }, 90_000);
});

test('a process that can not start or reach its servers says so, and nothing of its secrets', async () => {
  const wrong = (url: string) => Object.assign(new URL(url), { password: `wrong-${MARK}` }).href;
  const nowhere = `postgres://u:${MARK}@127.0.0.1:1/x`;
  const CONTROL = 'services/control-plane/dist/main.js';
  const cases: [string, Record<string, string>][] = [
    ['services/ingest/dist/api/main.js', { LOGURO_DATABASE_URL: nowhere, LOGURO_QUEUE_URL: wrong(redis.url) }],
    [
      'services/ingest/dist/worker/main.js',
      { LOGURO_DATABASE_URL: `postgres://u:p ${MARK}@`, LOGURO_QUEUE_URL: `redis://:${MARK}` },
    ],
    ['services/ingest/dist/worker/main.js', { LOGURO_DATABASE_URL: nowhere, LOGURO_QUEUE_URL: nowhere }],
    [CONTROL, { LOGURO_DATABASE_URL: nowhere, LOGURO_QUERY_DATABASE_URL: nowhere, LOGURO_SECRET_KEY: MARK }],
    ['gateway/dist/main.js', { LOGURO_CONTROL_UPSTREAM: `http://user:${MARK}@127.0.0.1:1` }],
  ];
  const attempts = cases.map(async ([script, env]) => {
    const one = restartable(script, 0, {
      ...{ LOGURO_PORT: '0', LOGURO_OPS_PORT: '0', LOGURO_LOG_LEVEL: 'trace', LOGURO_SHUTDOWN_TIMEOUT_MS: '1000' },
      ...env,
    });
    await one.attempt();
    return [...one.stdout, ...one.stderr];
  });
  for (const said of await Promise.all(attempts)) {
    expect(said).not.toEqual([]);
    expect(leaks(said)).toEqual([]);
  }
}, 60_000);
