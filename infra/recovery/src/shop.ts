import { withClient } from '@loguro/servers';
import { adminJson } from './admin.js';
import type { Answer, Installation } from './installation.js';

/** What a small shop has in its installation, and what it sends. */
export interface Shop {
  /** Tokens of the project's owner and of a viewer. */
  pat: string;
  viewer: string;
  /** A server key of the project `shop`. */
  key: string;
  /** Datasets: one that is left alone, one of numbers, one without a schema. */
  orders: number;
  numbers: number;
  bare: number;
}

/** The fields of the orders: every type, required and optional. */
export const ORDER_FIELDS = {
  country: 'string',
  plan: 'string?',
  amount: 'number',
  active: 'boolean',
  signup_at: 'timestamp',
  note: 'string?',
};

/** The `n`-th order. */
export function order(n: number) {
  return {
    timestamp: new Date(Date.UTC(2026, 5, 1 + (n % 9), n % 24, n % 60)).toISOString(),
    context: { source: 'billing', n },
    country: ['RO', 'DE', 'MD'][n % 3],
    ...(n % 4 !== 0 && { plan: n % 2 === 0 ? 'pro' : 'free' }),
    amount: n * 1.25,
    active: n % 5 !== 0,
    signup_at: new Date(Date.UTC(2026, 0, 1 + n)).toISOString(),
    note: n % 7 === 0 ? 'tab\there, "quotes", \\ and ünïcödé' : null,
  };
}

/** Makes accounts, projects, keys and datasets, by the public API. The control plane runs. */
export async function openShop(installation: Pick<Installation, 'api' | 'adminEnv' | 'adminProgram'>): Promise<Shop> {
  const account = (name: string, ...more: string[]) =>
    adminJson<{ secret: string }>(
      ['create-account', '--email', `${name}@example.com`, '--name', name, ...more],
      installation.adminEnv,
      installation.adminProgram,
    ).then(({ secret }) => secret);
  const pat = await account('owner', '--project', 'Shop');
  const viewer = await account('viewer', '--project', 'Elsewhere');
  const make = async (path: string, body: object) => {
    const answer = await installation.api('POST', path, { pat, body });
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await make('/projects/shop/members', { email: 'viewer@example.com', role: 'viewer' });
  const dataset = async (name: string) => (await make('/datasets/shop', { name })).dataset.id as number;
  const [orders, numbers, bare] = [await dataset('Orders'), await dataset('Numbers'), await dataset('Bare')];
  await make(`/datasets/shop/${orders}/schema`, { fields: ORDER_FIELDS });
  await make(`/datasets/shop/${numbers}/schema`, { fields: { number: 'number' } });
  const { secret: key } = await make('/projects/shop/keys', { name: 'server' });
  await make('/projects/shop/keys', { name: 'site', kind: 'browser', allowedOrigins: ['https://shop.example'] });
  return { pat, viewer, key, orders, numbers, bare };
}

const RANGE = { from: '2026-06-01T00:00:00Z', to: '2026-06-30T00:00:00Z' };

/** Questions about the orders. */
export const QUESTIONS: readonly object[] = [
  { range: RANGE },
  {
    range: RANGE,
    select: [
      { field: 'country' },
      { aggregate: 'count', as: 'orders' },
      { aggregate: 'sum', field: 'amount', as: 'revenue' },
      { aggregate: 'p90', field: 'amount', as: 'p90' },
      { aggregate: 'count_distinct', field: 'plan', as: 'plans' },
    ],
    where: [{ field: 'active', op: '=', value: true }],
    groupBy: ['country'],
    orderBy: [{ field: 'country', direction: 'asc' }],
  },
  {
    range: RANGE,
    select: [
      { bucket: 'day', field: 'timestamp', as: 'day' },
      { aggregate: 'count', as: 'n' },
    ],
    groupBy: ['day'],
    orderBy: [{ field: 'day', direction: 'asc' }],
  },
  {
    range: RANGE,
    select: ['timestamp', 'country', 'plan', 'amount', 'active', 'signup_at', 'note', 'context'].map((field) => ({
      field,
    })),
    orderBy: [{ field: 'signup_at', direction: 'asc' }],
    limit: 1000,
  },
];

/** Everything the control plane says about the shop, but for what depends on when it is asked. */
export async function answersOf(installation: Pick<Installation, 'api'>, { pat, viewer, orders, numbers }: Shop) {
  const answers: Record<string, Answer> = {};
  const ask = async (who: string, method: string, path: string, body?: object) => {
    const answer = await installation.api(method, path, { pat: who, ...(body && { body }) });
    answers[`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)}`] = answer;
  };
  for (const path of [
    '/me',
    '/projects',
    '/projects/shop',
    '/projects/shop/members',
    '/projects/shop/keys',
    '/projects/shop/audit?limit=200',
    '/tokens',
    '/datasets/shop',
    `/datasets/shop/${orders}`,
    `/datasets/shop/${orders}/schema`,
    `/datasets/shop/${numbers}/schema`,
  ]) {
    await ask(pat, 'GET', path);
  }
  await ask(viewer, 'GET', '/datasets/shop');
  for (const question of QUESTIONS) await ask(viewer, 'POST', `/datasets/shop/${orders}/query`, question);
  return JSON.parse(
    JSON.stringify(answers, (key, value) => (key === 'elapsedMs' || key === 'lastUsedAt' ? undefined : value)),
  ) as Record<string, Answer>;
}

/** The values of a column of numbers, ascending. */
export function storedNumbers(ownerUrl: string, dataset: number, column = 'number'): Promise<number[]> {
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<{ value: number }>(
      `SELECT "${column}"::float8 AS value FROM records.dataset_${dataset} ORDER BY 1`,
    );
    return rows.map(({ value }) => value);
  });
}
