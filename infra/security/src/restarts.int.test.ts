import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withClient } from '@loguro/servers';
import { SteadyClient, waitFor } from '@loguro/testing';
import { type Replicas, startReplicas } from './testing/replicas.js';

const POSTERS = 4;
const KEY_MAKERS = 3;

let replicas: Replicas;
let posters: SteadyClient[];
let asker: SteadyClient;
let makers: SteadyClient[];
let key: string;
let dataset: number;
/** The numbers of all records that were answered 202, and of all that were sent. */
const accepted = new Set<number>();
let sent = 0;

beforeAll(async () => {
  replicas = await startReplicas({ workers: 2, gateways: 2 });
  const clients = (count: number) => Array.from({ length: count }, () => new SteadyClient(replicas.gateway));
  posters = clients(POSTERS);
  makers = clients(KEY_MAKERS);
  asker = new SteadyClient(replicas.gateway);
  dataset = (await api('POST', '/datasets/local', { name: 'Numbers' })).dataset.id;
  await api('POST', `/datasets/local/${dataset}/schema`, { number: 'number' });
  key = (await api('POST', '/projects/local/keys', { name: 'load' })).secret;
}, 120_000);

afterAll(async () => {
  await Promise.all([...posters, ...makers, asker].map((client) => client.close()));
  await replicas.stop();
});

const control = (method: string, path: string, body?: object) =>
  ({ method, path: `/api${path}`, host: 'localhost', credential: replicas.pat, body }) as const;

/** A call of the control plane, through the gateway, that has to succeed. */
async function api(method: string, path: string, body?: object) {
  const answer = await asker.call(control(method, path, body));
  if (answer.status >= 300 || answer.status === 0) {
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  }
  return JSON.parse(answer.body);
}

/** Sends a record with a number of its own. */
async function post(client: SteadyClient, credential = key) {
  const number = sent++;
  const answer = await client.call({
    method: 'POST',
    path: `/datasets/${dataset}`,
    host: 'ingest.localhost',
    credential,
    body: { timestamp: new Date().toISOString(), context: {}, number },
  });
  if (answer.status === 202) accepted.add(number);
  return answer;
}

const query = () => asker.call(control('POST', `/datasets/local/${dataset}/query`, {}));
/** Between two requests of a client: with less, the load takes the processor from the processes that start. */
const REST_MS = 40;
const startPosting = () => posters.forEach((client) => void client.start(202, () => post(client), REST_MS));
const stopPosting = () => Promise.all(posters.map((client) => client.stop()));
const failuresOf = (clients: SteadyClient[]) => clients.flatMap((client) => client.failures);
/** Returns when the clients have been answered `count` times more. */
const moreAnswers = (clients: SteadyClient[], count: number) => {
  const total = () => clients.reduce((sum, client) => sum + client.answered, 0);
  const goal = total() + count;
  return waitFor(() => total() >= goal, { what: `${count} more answers` });
};

const stored = async () => {
  const { rows } = await withClient(replicas.ownerUrl, (client) =>
    client.query<{ number: number }>(`SELECT number::float8 AS number FROM records.dataset_${dataset} ORDER BY number`),
  );
  return rows.map(({ number }) => number);
};

/** What is in the table when the workers have stored what was accepted, and ended: nothing can come after. */
async function storedInTheEnd() {
  await waitFor(async () => (await stored()).length >= accepted.size, { what: 'the accepted records to be stored' });
  const codes = await Promise.all(replicas.processes.workers.map((worker) => worker.end('SIGTERM')));
  return { codes, numbers: await stored() };
}

const inOrder = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

test('every process is replaced under load, the gateways behind a load balancer too: no request fails, every record is stored once', async () => {
  startPosting();
  asker.start(200, query, REST_MS);
  await moreAnswers([asker], 10);
  const { control, workers, ingest, gateways } = replicas.processes;
  const codes: (string | number | null)[] = [];
  for (const process of [...control, ...workers, ...ingest, ...gateways]) {
    codes.push(process.name, await process.end('SIGTERM'));
    await process.start();
    // The next one goes only when clients have been served with this one back.
    await Promise.all([moreAnswers(posters, 40), moreAnswers([asker], 10)]);
  }
  await Promise.all([stopPosting(), asker.stop()]);
  expect(failuresOf([...posters, asker])).toEqual([]);
  expect(codes.filter((code) => typeof code !== 'string')).toEqual(Array.from({ length: 8 }, () => 0));
  expect(accepted.size).toBe(sent);
  const end = await storedInTheEnd();
  expect(end.codes).toEqual([0, 0]);
  expect(end.numbers).toEqual(inOrder(accepted));
  // Noted in memory, and written by the processes that were replaced.
  const { keys } = (await api('GET', '/projects/local/keys')) as { keys: { lastUsedAt: string | null }[] };
  expect(keys).toEqual([expect.objectContaining({ lastUsedAt: expect.any(String) })]);
  await Promise.all(workers.map((worker) => worker.start()));
  // Ten starts of processes, one after the other: seconds each where other tests have the machine as well.
}, 240_000);

test('while every control plane is killed and away, no post fails; then queries answer, and no key is half made', async () => {
  const secrets = new Map<string, string>();
  let asked = 0;
  startPosting();
  for (const maker of makers) {
    maker.start(201, async () => {
      const name = `key ${asked++}`;
      const answer = await maker.call(control('POST', '/projects/local/keys', { name }));
      if (answer.status === 201) secrets.set(name, JSON.parse(answer.body).secret);
      return answer;
    });
  }
  await moreAnswers(makers, 10);
  await Promise.all(replicas.processes.control.map((process) => process.end('SIGKILL')));
  await Promise.all(makers.map((maker) => maker.stop()));
  await moreAnswers(posters, 200);
  expect((await query()).status).toBe(503);
  // Made just before the kill, some of them milliseconds: ingest takes them without any control plane.
  for (const secret of secrets.values()) expect((await post(asker, secret)).status).toBe(202);
  await Promise.all(replicas.processes.control.map((process) => process.start()));
  await waitFor(async () => (await query()).status === 200, { what: 'queries to be answered again' });
  await stopPosting();
  expect(failuresOf(posters)).toEqual([]);

  const { keys } = (await api('GET', '/projects/local/keys')) as { keys: { id: number; name: string }[] };
  const made = keys.filter(({ name }) => name !== 'load');
  const names = made.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...secrets.keys()]));
  expect(new Set(names).size).toBe(names.length);
  const { events } = (await api('GET', '/projects/local/audit?limit=200')) as {
    events: { action: string; target: { id: string } }[];
  };
  const logged = events.filter(({ action }) => action === 'key.create').map(({ target }) => Number(target.id));
  expect(inOrder(logged)).toEqual(inOrder(keys.map(({ id }) => id)));
  // Those whose answer the kill took along are whole as well: each can be rotated, and then works.
  for (const { id, name } of made.filter((one) => !secrets.has(one.name))) {
    const { secret } = await api('POST', `/projects/local/keys/${id}/rotate`, {});
    expect({ name, ...(await post(asker, secret)) }).toMatchObject({ name, status: 202 });
  }
  const end = await storedInTheEnd();
  expect(end.codes).toEqual([0, 0]);
  expect(end.numbers).toEqual(inOrder(accepted));
}, 60_000);
