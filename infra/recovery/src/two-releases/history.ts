import { withClient } from '@loguro/servers';
import { SteadyClient, waitFor } from '@loguro/testing';
import { type Answer, callApi } from '../installation.js';
import { answersOf, openShop, order, QUESTIONS, storedNumbers } from '../shop.js';
import { differences } from './differences.js';
import type { Release } from './release.js';
import type { Servers } from './servers.js';
import type { Stack } from './stack.js';
import type { TrafficOptions } from './traffic.js';

/** What the earlier release made and said before anything of the later one ran. */
export interface History {
  trafficOptions: TrafficOptions;
  /** What is said otherwise now, in words. */
  changed(): Promise<string[]>;
}

const ORDERS = 200;
const PAGE = 50;
/** A number that the database is told to refuse: there is no other way to a dead letter. */
const REFUSED = 666;

/** Fills a shop by the API of the release that runs, and asks it everything. */
export async function createHistory(earlier: Release, servers: Servers, stack: Stack): Promise<History> {
  const { ownerUrl } = servers;
  const { url } = stack;
  const api = (method: string, path: string, { pat, body }: { pat: string; body?: object }) =>
    callApi(`${url}/api${path}`, { method, credential: pat, ...(body && { body }) });
  const shop = await openShop({ api, adminEnv: stack.adminEnv, adminProgram: earlier.admin });
  const ingest = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const client = new SteadyClient(url);
    try {
      const call = { method, path: `/datasets/${path}`, host: 'ingest.localhost', credential: shop.key } as const;
      const answer = await client.call({ ...call, body, headers });
      return { status: answer.status, body: JSON.parse(answer.body) } as Answer;
    } finally {
      await client.close();
    }
  };
  const send = (from: number, to: number) =>
    ingest(
      'POST',
      `${shop.orders}/batch`,
      Array.from({ length: to - from }, (_, n) => order(from + n)),
    );
  const { receipt } = accepted(await send(0, ORDERS - 1));
  const single = () => ingest('POST', `${shop.orders}`, order(ORDERS - 1), { 'Idempotency-Key': 'the last order' });
  const first = accepted(await single());

  await refuseNumber(ownerUrl, shop.numbers);
  const timestamp = new Date().toISOString();
  const bad = accepted(await ingest('POST', `${shop.numbers}`, { timestamp, context: {}, number: REFUSED }));
  const stored = async () => (await storedNumbers(ownerUrl, shop.orders, 'amount')).length === ORDERS;
  await waitFor(stored, { timeoutMs: 30_000, what: 'the orders to be stored' });

  const path = `/datasets/shop/${shop.orders}/query`;
  const [question, page] = [QUESTIONS[1], { ...QUESTIONS[3], limit: PAGE }] as [object, object];
  const ask = (body: object) => api('POST', path, { pat: shop.viewer, body });
  const cursor = (await ask(page)).body.nextCursor as string;
  const { rows } = (await ask(question)).body;
  const receipts = { [`${shop.orders}`]: receipt, [`${shop.numbers}`]: bad.receipt };
  const everything = async () => ({
    api: await answersOf({ api }, shop),
    page: (await ask({ ...page, cursor })).body.rows,
    receipts: await Promise.all(
      Object.entries(receipts).map(([dataset, one]) => ingest('GET', `${dataset}/receipts/${one}?wait=stored`)),
    ),
    repeated: { ...(await single()), first },
  });
  const before = await everything();
  return {
    trafficOptions: {
      url,
      pat: shop.viewer,
      project: 'elsewhere',
      question: { path, body: question, pat: shop.viewer, rows },
    },
    changed: async () => differences(before, await everything()),
  };
}

function accepted({ status, body }: Answer): { receipt: string } {
  if (status !== 202) throw new Error(`Records were answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

function refuseNumber(ownerUrl: string, dataset: number): Promise<unknown> {
  return withClient(ownerUrl, (client) =>
    client.query(`ALTER TABLE records.dataset_${dataset} ADD CONSTRAINT refused CHECK (number <> ${REFUSED})`),
  );
}
